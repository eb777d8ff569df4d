"""What a statement will read and cost, before it runs."""
