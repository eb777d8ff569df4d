"""Rows of a query, kept for their owner beyond the call that asked for them."""
