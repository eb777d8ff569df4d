"""What happened: audit journal, metrics, traces, minutes saved."""
