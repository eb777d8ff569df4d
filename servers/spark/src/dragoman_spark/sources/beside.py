"""Driver and executor logs that belong to an application, by where they lie.

Known shapes: a run's own folder (`events/`, `driver.stderr`, `executors/<id>/stderr`), standalone
`work/<app>/<executor>/stderr`, YARN `<app>/<container>/stderr`, and any folder or file of a root
that is named after the application.
"""

import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass

from dragoman_spark.sources.files import LogFile
from dragoman_spark.sources.found import Found
from dragoman_spark.sources.layout import log_key, split_attempt
from dragoman_spark.sources.processes import place_below
from dragoman_spark.sources.roots import Entry, Root, log_file
from dragoman_spark.sources.walk import Walk

FILES = 4_000
LEVELS_UP = 3
SIBLINGS = 50
_HOMES = ("", "work/", "logs/", "userlogs/", "driver-logs/", "executor-logs/")
_LOG = re.compile(
    r"(.*[._-])?(stderr|stdout|syslog|driver|driver-?log|exec(utor)?[-_.]?\w+)([._-]?\d+)?"
    r"(\.(log|txt|out|err|stderr|stdout|json|\d+))*(\.(gz|zst|zstd))?|.+\.(log|err|out)(\.(gz|zst))?"
)
_EXECUTOR = re.compile(r"exec(?:utor)?s?[-_./]?(\d+)(?=[-_./]|$)")
_CONTAINER = re.compile(r"container(?:_e\d+)?_\d+_\d+_\d+_(\d+)")
_DRIVER = re.compile(r"(^|[-_./])driver([-_./]|$)")


@dataclass(frozen=True, slots=True)
class Logs:
    """Process logs of one application; on YARN the key of `executors` is the container."""

    driver: tuple[LogFile, ...] = ()
    executors: dict[str, tuple[LogFile, ...]] | None = None
    others: tuple[LogFile, ...] = ()


def logs_beside(found: Found, roots: Sequence[Root]) -> Logs:
    """Every log that belongs to this application and to no other, at most 4,000 files.

    A folder that events of several applications share gives none.
    """
    driver: list[LogFile] = []
    others: list[LogFile] = []
    executors: dict[str, list[LogFile]] = {}
    seen: set[str] = set()
    for file, place in _candidates(found, roots):
        if file.name in seen or len(seen) >= FILES:
            continue
        seen.add(file.name)
        kind, executor = classify(place)
        if kind == "driver":
            driver.append(file)
        elif kind == "executor":
            executors.setdefault(executor, []).append(file)
        else:
            others.append(file)
    return Logs(
        tuple(driver), {key: tuple(files) for key, files in executors.items()}, tuple(others)
    )


def classify(place: str) -> tuple[str, str]:
    """Whose log a path below an application's folder is: driver, executor with its id, or other."""
    parts = place.split("/")
    if _DRIVER.search(place):
        return "driver", ""
    if container := _CONTAINER.search(place):
        first = int(container[1]) == 1
        return ("driver", "") if first else ("executor", container[0])
    if executor := _EXECUTOR.search(place):
        return "executor", executor[1]
    if len(parts) > 1 and parts[-2].isdigit():
        return "executor", parts[-2]
    own = len(parts) == 1 and not parts[0].startswith("client")
    return ("driver", "") if own else ("other", "")


def _candidates(found: Found, roots: Sequence[Root]) -> Iterator[tuple[LogFile, str]]:
    """Log files with the part of their path below the application's own folder."""
    if found.logs_only:
        yield from ((file, place_below(found, file)) for file in found.files)
    if found.id_is_path:
        return
    for root, entry, place in _elsewhere(found, roots):
        yield log_file(root, entry), place


def _elsewhere(found: Found, roots: Sequence[Root]) -> Iterator[tuple[Root, Entry, str]]:
    home = next((root for root in roots if root.name == found.root), None)
    if home is not None and not found.logs_only:
        folder = _run_folder(found, home)
        if folder is not None:
            yield from _below(home, folder)
    for root in roots:
        for prefix in _HOMES:
            yield from _named_after(root, prefix, found)


def _run_folder(found: Found, root: Root) -> str | None:
    """The nearest folder above the events that holds logs, if no other application shares it."""
    folder, below = found.folder, found.folder
    for _ in range(LEVELS_UP + 1):
        entries = _listed(root, folder)
        if entries is None or _others(entries, found):
            return None
        if any(_is_run_folder(entry) for entry in entries):
            return None if _shared(root, entries, below) else folder
        if not folder:
            return None
        folder, below = folder.rpartition("/")[0], folder
    return None


def _shared(root: Root, entries: Sequence[Entry], below: str) -> bool:
    """True where a sibling folder may hold another application's events, or may not be read."""
    folders = [entry for entry in entries if entry.is_folder and entry.path != below]
    siblings = [entry for entry in folders if not _is_run_folder(entry)]
    if len(siblings) > SIBLINGS:
        return True
    listings = [_listed(root, sibling.path) for sibling in siblings]
    return None in listings or any(
        inner.base == "events" or inner.base.startswith(("eventlog_v2_", "events_"))
        for listing in listings
        for inner in listing or ()
    )


def _listed(root: Root, folder: str) -> list[Entry] | None:
    """What a folder holds; None where it cannot be listed."""
    try:
        return list(root.entries(folder))
    except OSError:
        return None


def _is_run_folder(entry: Entry) -> bool:
    if entry.is_folder:
        return entry.base in {"executors", "driver"}
    return bool(_DRIVER.search(entry.base)) or entry.base.split(".")[0] in {"stderr", "stdout"}


def _others(entries: Sequence[Entry], found: Found) -> bool:
    """True where events of another application lie side by side with this one's."""
    for entry in entries:
        base = entry.base.removeprefix("eventlog_v2_")
        key = log_key(base) if base != entry.base or not entry.is_folder else None
        looks = key is not None and _is_app_id(key)
        if looks and key is not None and not key.startswith(found.app_id):
            return True
    return False


def _is_app_id(key: str) -> bool:
    return bool(re.fullmatch(r"(app|application|local|spark)-?_?[\da-f_-]+", split_attempt(key)[0]))


def _below(root: Root, folder: str, depth: int = 4) -> Iterator[tuple[Root, Entry, str]]:
    skip = len(folder) + 1 if folder else 0
    for inner, files in Walk(root, depth=depth, entries=4 * FILES).folders(folder):
        if "eventlog_v2_" in inner:
            continue
        for entry in files:
            if _LOG.fullmatch(entry.base):
                yield root, entry, entry.path[skip:]


def _named_after(root: Root, prefix: str, found: Found) -> Iterator[tuple[Root, Entry, str]]:
    """Folders and files right below a usual home that carry the application's id."""
    for entry in _listed(root, prefix.rstrip("/")) or ():
        if not _carries(entry.base, found.app_id):
            continue
        if entry.is_folder and not entry.base.startswith("eventlog_v2_"):
            yield from _below(root, entry.path)
        elif not entry.is_folder and re.search(r"(log|err|out)(\.(gz|zst))?$", entry.base):
            yield root, entry, entry.base.replace(found.app_id, "")


def _carries(base: str, app_id: str) -> bool:
    """Whether the id stands in the name whole: `app-1-0001` is not in `app-1-00012`."""
    return bool(re.search(rf"(?<![\w]){re.escape(app_id)}(?![\d])", base))
