"""What every Dragoman server shares."""
