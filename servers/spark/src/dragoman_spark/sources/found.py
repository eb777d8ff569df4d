"""Applications among the files of one folder."""

import re
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, replace

from dragoman_spark.sources.files import LogFile
from dragoman_spark.sources.layout import Written, arrange, log_key
from dragoman_spark.sources.peek import Start, peek
from dragoman_spark.sources.roots import Entry, Root, log_file

_APP_ID = re.compile(r"(app-\d+-\d+|application_\d+_\d+|local-\d+|spark-[0-9a-f]{8,})\b")
_NO_EVENTS = re.compile(
    r"(^|[._-])(stderr|stdout|driver|executor|syslog|client)([._-]|$)|\.(txt|crc|md|parquet|py)$|^[._]"
)
_PROCESS_LOG = re.compile(r"[._-](stderr|stdout|driver|executor)([._-]|$)|\.(log|err|out)$")
_CODEC_ENDS = (".inprogress", ".zstd", ".zst", ".lz4", ".lzf", ".snappy", ".json", ".gz")


@dataclass(frozen=True, slots=True)
class Found:
    """One attempt of one application, as its files show it; nothing of it is read but its start.

    `name` is None until it is named, or where the log does not say; `mtime` is milliseconds;
    `folder` is relative to the root. `logs_only` means that no event log was found and `files` are
    the process logs; `id_is_path` that no log names an id and the folder's path stands for it.
    """

    app_id: str
    attempt_id: str | None
    name: str | None
    root: str
    folder: str
    files: tuple[LogFile, ...]
    size: int
    mtime: int
    in_progress: bool
    logs_only: bool = False
    id_is_path: bool = False


def applications(
    root: Root, folder: str, entries: Sequence[Entry], may_peek: Callable[[], bool]
) -> Iterator[Found]:
    """The applications whose event files lie in this folder."""
    groups: dict[str, list[Entry]] = {}
    for entry in entries:
        key = log_key(entry.base)
        if key is not None:
            groups.setdefault(key, []).append(entry)
    for key, group in groups.items():
        files = tuple(log_file(root, entry) for entry in group)
        written = arrange(files)
        if not written.events:
            continue
        named = bool(_APP_ID.match(key)) and not _PROCESS_LOG.search(key)
        known = named or not written.is_single
        start = None if known or not _may_hold_events(key, group, may_peek) else peek(files[0])
        if known or start is not None:
            yield _found(root.name, folder, files, written, start or Start())


def named(found: Found) -> Found:
    """The same with the name and ids that its first events tell, where they do."""
    start = peek(arrange(found.files).events[0])
    if start is None:
        return found
    return replace(
        found,
        name=start.name or found.name,
        app_id=start.id or found.app_id,
        attempt_id=start.attempt or found.attempt_id,
    )


def _may_hold_events(key: str, group: Sequence[Entry], may_peek: Callable[[], bool]) -> bool:
    base = group[0].base
    plausible = "." not in base or base.endswith((*_CODEC_ENDS, ".log")) or "events_" in base
    return plausible and not _NO_EVENTS.search(key) and group[0].size > 0 and may_peek()


def _found(
    root: str, folder: str, files: tuple[LogFile, ...], written: Written, start: Start
) -> Found:
    return Found(
        app_id=start.id or written.app_id,
        attempt_id=start.attempt or written.attempt_id,
        name=start.name,
        root=root,
        folder=folder,
        files=files,
        size=sum(file.size for file in written.events),
        mtime=max(file.mtime for file in files),
        in_progress=written.in_progress,
    )
