"""What waits for something outside."""

import logging
import time

from acme.ingest import land

log = logging.getLogger("acme.waiting")


def hold(seconds: float = 86_400) -> None:
    """Works on something long, quietly."""
    log.info("started, %d tables to go", 318)
    time.sleep(seconds)


def arrived(name: str) -> bool:
    """Whether a delivery is in the landing folder."""
    path = land(name)
    log.info("looking for %s", path)
    return path.exists()


def note(words: str) -> None:
    """Leaves a word in the log."""
    log.info(words)
