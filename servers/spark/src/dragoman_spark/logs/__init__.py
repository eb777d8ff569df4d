"""Driver and executor logs."""
