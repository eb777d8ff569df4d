"""The labelled statements beside the tests: what is accepted or refused, and as what."""

import re
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

from dragoman_presto.gate.kinds import Kind

FOLDER = Path(__file__).parent / "statements"
_LABEL = re.compile(r"\[(accept|refuse) ([a-z ]+)\]")
_CODE_POINT = re.compile(r"\{U\+([0-9A-F]{4,6})\}")


@dataclass(frozen=True)
class Labelled:
    """One statement of the corpus; `place` is file and line."""

    place: str
    accepted: bool
    kind: Kind
    sql: str


def corpus() -> list[Labelled]:
    return [one for path in sorted(FOLDER.glob("*.txt")) for one in _statements(path)]


def _statements(path: Path) -> Iterator[Labelled]:
    accepted, kind = False, Kind.UNKNOWN
    for number, line in enumerate(path.read_text(encoding="utf-8").split("\n"), start=1):
        label = _LABEL.fullmatch(line)
        if label:
            accepted, kind = label[1] == "accept", Kind(label[2])
        elif line and not line.startswith("# "):
            yield Labelled(f"{path.name}:{number}", accepted, kind, _written_out(line))


def _written_out(line: str) -> str:
    text = line.replace("⏎", "\n")
    return _CODE_POINT.sub(lambda found: chr(int(found[1], 16)), text)
