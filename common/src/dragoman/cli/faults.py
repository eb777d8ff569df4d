"""The faults that are expected: their text is one sentence for the person."""

import sys
from typing import cast

from dragoman.cli.output import CommandFailed

_EXPECTED = (
    ("dragoman.errors", "DragomanError"),
    ("dragoman.auth.issuer", "NotForProduction"),
    ("dragoman.auth.people", "PeopleUnreadable"),
    ("dragoman.auth.policy_check", "PolicyInvalid"),
)


def expected() -> tuple[type[BaseException], ...]:
    """The errors whose text is meant for the person; what was never imported cannot be raised."""
    found = (
        cast("type[BaseException]", getattr(sys.modules[module], name))
        for module, name in _EXPECTED
        if module in sys.modules
    )
    return (CommandFailed, OSError, *found)


def sentence(fault: BaseException) -> str:
    if not isinstance(fault, OSError):
        return str(fault)
    place = f"{fault.filename}: " if fault.filename else ""
    return f"{place}{fault.strerror or fault}. Check that you may read and write there."


def exit_code(fault: BaseException) -> int:
    return fault.code if isinstance(fault, CommandFailed) else CommandFailed.code
