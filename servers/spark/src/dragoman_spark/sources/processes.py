"""Runs that left process logs and no event log: which folders are such runs, and whose they are.

A run's folder holds its driver's output (`driver.stderr`, or spark-submit's `stderr`), a folder
`driver/` or `executors/<id>/`, YARN containers, or a standalone worker's `<app>/<n>/stderr`. A log
that carries an application's id in its own name is a run by itself.
"""

import re
from collections.abc import Callable, Collection, Iterator, Sequence
from dataclasses import dataclass, field, replace
from typing import NamedTuple

from dragoman_spark.sources.codecs import decode
from dragoman_spark.sources.files import LogFile, LogUnreadable
from dragoman_spark.sources.found import Found
from dragoman_spark.sources.roots import Entry, Root, log_file

FILES = 4_000
HOMES = 20_000
REACH = 1 << 18
LEVELS_UP = 3
_LONGEST_ID = 200
_ID = r"(?:app-\d{14}-\d{4,}|application_\d+_\d{4,}|local-\d{13}|spark-[0-9a-f]{32})(?![\da-zA-Z])"
_IN_NAME = re.compile(rf"(?<![\w]){_ID}")
_ENDS = r"(?:[._-](?:stderr|stdout|log4j|log|out|err|txt|json|\d+|gz|zst|zstd))"
_OUTPUT = re.compile(rf"(?:(?:driver|spark-submit){_ENDS}+|(?:stderr|stdout){_ENDS}*)")
_MORE = re.compile(rf"(?:syslog|exec(?:utor)?[-_.]?\w+|.+?){_ENDS}*[.](?:log|err|out)(?:\.gz)?")
_LOG_END = re.compile(r"(?:log|err|out)(?:\.(?:gz|zst))?$")
_CONTAINER = re.compile(r"container(?:_e\d+)?_\d+_\d+_\d+_\d+")
_SAID = re.compile(
    r"(?:\bapp ID|Submitted application|\bspark\.app\.id\W{1,4}|--app-id\W{1,4}|\bwith ID"
    rf"|Logging events to \S{{1,400}}/(?:eventlog_v2_)?)\s*({_ID})".encode()
)
_ANY = re.compile(rf"(?<![\w-]){_ID}".encode())
_NO_WORD = re.compile(r"[^\w./:=+@-]")
_CALLED = re.compile(rb'Submitted application: ([^\r\n"]{1,200})')


class Home(NamedTuple):
    """Where a run's logs lie; `named` is the id that the file names carry, if they do."""

    root: str
    folder: str
    named: str = ""


@dataclass(slots=True)
class ProcessLogFolders:
    """Collects process logs while roots are walked, then tells the runs among them."""

    _homes: dict[Home, list[LogFile]] = field(default_factory=dict[Home, list[LogFile]])
    cut: bool = field(default=False, init=False)

    def note(self, root: Root, folder: str, entries: Sequence[Entry]) -> None:
        """Takes in the files of one folder."""
        if "eventlog_v2_" in folder:
            return
        for entry in entries:
            if (named := _IN_NAME.search(entry.base)) and _LOG_END.search(entry.base):
                self._add(Home(root.name, folder, named[0]), root, [entry])
        outputs = [entry for entry in entries if _OUTPUT.fullmatch(entry.base)]
        if any(entry.size for entry in outputs):
            others = [one for one in entries if one not in outputs and _belongs(one.base)]
            self._add(Home(root.name, _home(folder)), root, [*outputs, *others])

    def runs(
        self, events: Collection[Home], wanted: str | None, may_read: Callable[[], bool]
    ) -> Iterator[Found]:
        """Runs that none of the applications with events explains, each once, newest first.

        `events` are the folders of event logs, `named` after their applications; `wanted` is the
        only id of interest, if any. What may not be read any more is left out, and `cut` says so.
        """
        known = {home.named for home in events}
        owned = self._owned(events)
        runs: dict[str, list[Found]] = {}
        for home in sorted(self._homes, key=lambda home: self._order(home, wanted)):
            run = self._run(home, wanted, may_read, owned=home in owned)
            if run is not None and run.app_id not in known:
                runs.setdefault(run.app_id, []).append(run)
        for same in runs.values():
            yield from [run for run in same if _has_driver(run)] or same[:1]

    def _add(self, home: Home, root: Root, entries: Sequence[Entry]) -> None:
        if home not in self._homes and len(self._homes) >= HOMES:
            self.cut = True
            return
        files = self._homes.setdefault(home, [])
        files += [log_file(root, entry) for entry in entries[: FILES - len(files)]]

    def _owned(self, events: Collection[Home]) -> set[Home]:
        """Folders whose logs lie beside an application's events, or beside those of several."""
        owned: set[Home] = set()
        for root, folder in {(home.root, home.folder) for home in events}:
            above = folder
            for _ in range(LEVELS_UP + 1):
                home = Home(root, above)
                if home in self._homes or not above:
                    owned.add(home)
                    break
                above = above.rpartition("/")[0]
        return owned

    def _order(self, home: Home, wanted: str | None) -> tuple[bool, int]:
        return _NO_WORD.sub("_", home.folder) != wanted, -max(
            file.mtime for file in self._homes[home]
        )

    def _run(
        self, home: Home, wanted: str | None, may_read: Callable[[], bool], *, owned: bool
    ) -> Found | None:
        files = self._homes[home]
        shown = home.named or _shown(home.folder)
        if wanted is not None and shown not in {"", wanted}:
            return None
        run = _found(home, files, shown)
        if shown:
            return run
        if owned:
            return None
        if not may_read():
            self.cut = True
            return None
        return introduced(run)


def introduced(run: Found) -> Found:
    """The same with the name, and the id where only the path gave one, that its logs tell."""
    for file in sorted(run.files, key=lambda file: _weight(run, file))[:2]:
        try:
            head = _head(file)
        except LogUnreadable:
            continue
        app_id = _told_id(head) if run.id_is_path else ""
        name = _CALLED.search(head)
        run = replace(
            run,
            app_id=app_id or run.app_id,
            id_is_path=run.id_is_path and not app_id,
            name=run.name or (name[1].decode("utf-8", "replace").strip() if name else None),
        )
        if run.name and not run.id_is_path:
            break
    return run


def place_below(run: Found, file: LogFile) -> str:
    """The part of a log's path below its run's folder, without the id in the file's name."""
    prefix = f"{run.root}/{run.folder}/" if run.folder else f"{run.root}/"
    folder, _, base = file.name.removeprefix(prefix).rpartition("/")
    base = base.replace(run.app_id, "")
    return f"{folder}/{base}" if folder else base


def _home(folder: str) -> str:
    """The run's folder that a folder with process output belongs to."""
    parts = folder.split("/")
    for depth in range(len(parts), 0, -1):
        if _IN_NAME.search(parts[depth - 1]):
            return "/".join(parts[:depth])
    if parts[-2:-1] == ["executors"]:
        return "/".join(parts[:-2])
    if parts[-1] == "driver" or _CONTAINER.fullmatch(parts[-1]):
        return "/".join(parts[:-1])
    return folder


def _belongs(base: str) -> bool:
    return bool(_MORE.fullmatch(base)) and not _IN_NAME.search(base)


def _shown(folder: str) -> str:
    """The application's id in a folder's own name."""
    found = _IN_NAME.search(folder.rpartition("/")[2])
    return found[0] if found else ""


def _found(home: Home, files: Sequence[LogFile], shown: str) -> Found:
    return Found(
        app_id=shown or _NO_WORD.sub("_", home.folder or home.root)[-_LONGEST_ID:],
        attempt_id=None,
        name=None,
        root=home.root,
        folder=home.folder,
        files=tuple(files),
        size=sum(file.size for file in files),
        mtime=max(file.mtime for file in files),
        in_progress=False,
        logs_only=True,
        id_is_path=not shown,
    )


def _has_driver(run: Found) -> bool:
    return any(_weight(run, file)[0] == 0 for file in run.files)


def _weight(run: Found, file: LogFile) -> tuple[int, int, str]:
    """The driver's output first, what is logged before what is printed."""
    place = place_below(run, file)
    first = bool(_CONTAINER.match(place)) and place.split("/")[0].endswith("_000001")
    inner = "/" in place and not place.startswith("driver/") and not first
    return int(inner), int("stdout" in place), place


def _told_id(head: bytes) -> str:
    """The id that Spark says is the run's own; any other only if no second one is there."""
    if said := _SAID.search(head):
        return said[1].decode()
    others = set(_ANY.findall(head))
    return others.pop().decode() if len(others) == 1 else ""


def _head(file: LogFile) -> bytes:
    """The first 256 kB, decoded."""
    decoded = decode(file)
    data, step = bytearray(), bytearray(1 << 16)
    try:
        while len(data) < REACH and (count := decoded.readinto(memoryview(step))):
            data += step[:count]
    finally:
        decoded.close()
    return bytes(data)
