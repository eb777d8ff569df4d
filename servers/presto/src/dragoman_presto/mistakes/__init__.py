"""What is wrong with a statement that Presto refused, and the one change that mends it."""
