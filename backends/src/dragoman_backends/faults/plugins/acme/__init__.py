"""What the pipelines of an invented company call; how each behaves is no matter of its DAG file."""
