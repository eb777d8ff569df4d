"""Every file below a folder, level by level, within bounds."""

from collections.abc import Iterator
from dataclasses import dataclass, field

from dragoman_spark.sources.files import stop_if_given_up
from dragoman_spark.sources.roots import Entry, Root

DEPTH = 6
ENTRIES = 200_000


@dataclass(slots=True)
class Walk:
    """Yields folders with the files in them; `cut` says that a bound was met."""

    root: Root
    depth: int = DEPTH
    entries: int = ENTRIES
    cut: bool = field(default=False, init=False)

    def folders(self, start: str = "") -> Iterator[tuple[str, list[Entry]]]:
        waiting = [(start, 0)]
        left = self.entries
        while waiting:
            stop_if_given_up()
            folder, depth = waiting.pop()
            try:
                found = list(self.root.entries(folder))
            except PermissionError:
                if folder == start:
                    raise
                self.cut = True
                continue
            left -= len(found)
            if left < 0:
                self.cut = True
                return
            inner = [(one.path, depth + 1) for one in found if one.is_folder and _open(one)]
            if depth < self.depth:
                waiting.extend(inner)
            else:
                self.cut = self.cut or bool(inner)
            yield folder, [one for one in found if not one.is_folder]


def _open(entry: Entry) -> bool:
    return not entry.base.startswith((".", "_"))
