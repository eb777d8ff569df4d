"""Spark event logs: read once, in constant memory."""
