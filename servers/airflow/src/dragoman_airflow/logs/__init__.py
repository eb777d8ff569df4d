"""Task logs: decoded in pieces, kept in part, and read for what failed."""
