"""Previews that are true, plans that are bound to them, and what really happened."""
