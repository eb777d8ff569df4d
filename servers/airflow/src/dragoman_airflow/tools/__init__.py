"""What agents may call, one file for each kind of question."""
