"""What the command prints: results on standard output, everything else on standard error."""

import json
import re
import sys
from collections.abc import Mapping

from rich.console import Console

# Text of other people must not move the cursor, nor show an order that is not the real one.
_UNSEEN = re.compile("[\x00-\x08\x0b-\x1f\x7f-\x9f\u061c\u200e\u200f\u202a-\u202e\u2066-\u2069]")

_UNBROKEN = 10_000
LINE = "─" * 72


class CommandFailed(Exception):
    """The command did not do what was asked; one sentence for the person says what to do."""

    code = 1


class WrongUse(CommandFailed):
    """The command was called with something it cannot use."""

    code = 2


def out() -> Console:
    """Standard output. No line and no table is broken where it is no terminal."""
    width = None if sys.stdout.isatty() else _UNBROKEN
    return Console(highlight=False, soft_wrap=True, width=width)


def err() -> Console:
    return Console(stderr=True, highlight=False, soft_wrap=True)


def write(text: str) -> None:
    """One text, as it is but for what a terminal would obey."""
    print(plain(text) if sys.stdout.isatty() else text)  # noqa: T201  # the output


def write_json(value: Mapping[str, object] | list[object]) -> None:
    """One line of JSON, escaped to ASCII so that it is safe on a terminal, too."""
    print(json.dumps(value))  # noqa: T201  # the output


def plain(text: str) -> str:
    """The text with each character that a terminal would obey shown as one that it shows."""
    return _UNSEEN.sub("\N{REPLACEMENT CHARACTER}", text)
