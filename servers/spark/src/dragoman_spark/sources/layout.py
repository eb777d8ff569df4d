"""How Spark names event log files: single or rolled, codec, attempt, in progress, compacted.

Sources: SingleEventLogFileWriter, RollingEventLogFilesWriter and EventLogFileReader, Spark 3.0 to
4.3. Rolled: folder `eventlog_v2_<app>[_<attempt>]` with `events_<n>_<app>[_<attempt>][.<codec>]`,
`.compact` after it when older events were folded in, and `appstatus_<app>[_<attempt>]
[.inprogress]`. Single: `<app>[_<attempt>][.<codec>][.inprogress]`.
"""

import re
from collections.abc import Sequence
from dataclasses import dataclass

from dragoman_spark.sources.files import LogFile

IN_PROGRESS = ".inprogress"
_CODEC = r"(?:\.(?:zstd|zst|lz4|lzf|snappy|gz))?"
_ROLLED = re.compile(rf"events_(\d+)_(.+?){_CODEC}(\.compact)?")
_STATUS = re.compile(r"appstatus_(.+?)(\.inprogress)?")
_SINGLE = re.compile(rf"(.+?){_CODEC}(\.inprogress)?")
_APP_ATTEMPT = re.compile(r"((?:app|application)[-_]\d+[-_]\d+|local-\d+|spark-[0-9a-f]{32})_(\d+)")


@dataclass(frozen=True, slots=True)
class Written:
    """One attempt's event files in the order they were written.

    `missing` counts rolled files that should stand before or between those at hand; `compacted` is
    the name of the compact file that replaces the earliest ones.
    """

    events: tuple[LogFile, ...]
    app_id: str
    attempt_id: str | None
    in_progress: bool
    missing: int
    compacted: str
    folder: str
    is_single: bool = False


def arrange(files: Sequence[LogFile]) -> Written:
    """The files of one attempt in order, without what a compact file replaces."""
    rolled = sorted(
        (int(found[1]), found[3] is None, file)
        for file in files
        if (found := _ROLLED.fullmatch(base_name(file)))
    )
    if not rolled:
        return _single(files)
    folded = max((number for number, plain, _ in rolled if not plain), default=0)
    kept = [
        (number, file)
        for number, plain, file in rolled
        if number > folded or (number == folded and not plain)
    ]
    numbers = {number for number, _ in kept}
    compacted = kept[0][1].name if folded else ""
    first = min(numbers) if compacted else 1
    app_id, attempt_id = split_attempt(_name_of(kept[-1][1]))
    return Written(
        events=tuple(file for _, file in kept),
        app_id=app_id,
        attempt_id=attempt_id,
        in_progress=_says_in_progress(files),
        missing=max(numbers) - first + 1 - len(numbers),
        compacted=compacted,
        folder=kept[0][1].name.rpartition("/")[0],
    )


def log_key(base: str) -> str | None:
    """What all files of one attempt share, None for an empty name."""
    found = _ROLLED.fullmatch(base)
    if found:
        return found[2]
    found = _STATUS.fullmatch(base) or _SINGLE.fullmatch(base)
    return found[1] if found else None


def base_name(file: LogFile) -> str:
    return file.name.rpartition("/")[2]


def split_attempt(name: str) -> tuple[str, str | None]:
    """Application id and attempt of a name; the attempt only where the id's form is known."""
    found = _APP_ATTEMPT.fullmatch(name)
    return (found[1], found[2]) if found else (name, None)


def _single(files: Sequence[LogFile]) -> Written:
    events = [file for file in files if not _STATUS.fullmatch(base_name(file))]
    done = [file for file in events if not file.name.endswith(IN_PROGRESS)]
    chosen = tuple(sorted(done or events, key=lambda file: (file.mtime, file.name)))
    name = base_name(chosen[-1]) if chosen else ""
    found = _SINGLE.fullmatch(name)
    app_id, attempt_id = split_attempt(found[1] if found else name)
    return Written(
        events=chosen,
        app_id=app_id,
        attempt_id=attempt_id,
        in_progress=not done,
        missing=0,
        compacted="",
        folder=chosen[-1].name.rpartition("/")[0] if chosen else "",
        is_single=True,
    )


def _name_of(file: LogFile) -> str:
    found = _ROLLED.fullmatch(base_name(file))
    return found[2] if found else ""


def _says_in_progress(files: Sequence[LogFile]) -> bool:
    """True if only an unfinished appstatus file is there."""
    states = [found for file in files if (found := _STATUS.fullmatch(base_name(file)))]
    return bool(states) and all(found[2] for found in states)
