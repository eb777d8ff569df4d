from datetime import UTC, datetime


def moment(seconds: float) -> str:
    """A time since the epoch as people of any place read it, e.g. `2026-11-24 14:05:09 UTC`."""
    return datetime.fromtimestamp(seconds, UTC).strftime("%Y-%m-%d %H:%M:%S UTC")
