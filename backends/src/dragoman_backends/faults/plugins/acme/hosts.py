"""Work that leans on its machine."""

import logging
import os
import resource
import signal
import time
from pathlib import Path

from acme.ingest import land

log = logging.getLogger("acme.hosts")


def resize(images: int) -> None:
    """Resizes images in this very process, which the kernel may end."""
    log.info("resizing %d images", images)
    log.info("image 512 of %d, 61 MB decoded", images)
    time.sleep(0.5)
    os.kill(os.getpid(), signal.SIGKILL)


def build_features(columns: int) -> int:
    """Builds features in memory, as much of it as the machine grants."""
    log.info("building %d feature columns", columns)
    used = int(Path("/proc/self/statm").read_text().split()[0]) * resource.getpagesize()
    resource.setrlimit(resource.RLIMIT_AS, (used + 64_000_000, resource.RLIM_INFINITY))
    try:
        return len(bytearray(columns * 1_000_000))
    finally:
        resource.setrlimit(resource.RLIMIT_AS, (resource.RLIM_INFINITY, resource.RLIM_INFINITY))


def session_stats(sessions: int) -> None:
    """Counts sessions on a machine that goes away with all that watches it."""
    log.info("counting %d sessions", sessions)
    log.info("window 17 of 24")
    time.sleep(1)
    os.kill(os.getppid(), signal.SIGKILL)
    os.kill(os.getpid(), signal.SIGKILL)


def archive_ledger(year: int) -> None:
    """Appends to a year's ledger, as the user the files belong to others."""
    path = land(f"ledger_{year}.csv")
    path.touch()
    path.chmod(0o400)
    log.info("appending to %s", path)
    # The superuser may write everything, so be someone else while writing.
    someone = 65534 if os.geteuid() == 0 else os.geteuid()
    before = os.geteuid()
    os.seteuid(someone)
    try:
        _append(path, "2026-11-08;4711\n")
    finally:
        os.seteuid(before)


def spill(rows: int) -> None:
    """Spills sorted rows to the scratch disk."""
    path = land("spill.bin")
    if not path.is_symlink():
        path.symlink_to("/dev/full")
    log.info("sorting %d rows, spilling to %s", rows, path)
    _append(path, "0" * rows)


def _append(path: Path, text: str) -> None:
    with path.open("a") as ledger:
        ledger.write(text)
