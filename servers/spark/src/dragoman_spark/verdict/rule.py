"""A rule: what an exception class or a message means, whoever wrapped it."""

import re
from dataclasses import dataclass

from dragoman_spark.logs.thrown import Language, Thrown
from dragoman_spark.verdict.causes import Cause, Certainty

__all__ = ["Rule", "any_rule", "python_rule"]


@dataclass(frozen=True, slots=True)
class Rule:
    """Matches the class by its last name (none: any class) and, where given, the message."""

    cause: Cause
    certainty: Certainty
    names: frozenset[str]
    message: re.Pattern[str] | None
    language: Language | None = None

    def matches(self, thrown: Thrown) -> bool:
        if self.language is not None and thrown.language is not self.language:
            return False
        if self.names and thrown.simple not in self.names:
            return False
        return self.message is None or self.message.search(thrown.message) is not None


def any_rule(
    cause: Cause,
    names: str = "",
    message: str | None = None,
    certainty: Certainty = Certainty.STATED,
) -> Rule:
    """A rule for either language; `names` are separated by blanks, `message` in any letter case."""
    pattern = re.compile(message, re.IGNORECASE) if message else None
    return Rule(cause, certainty, frozenset(names.split()), pattern)


def python_rule(
    cause: Cause,
    names: str,
    message: str | None = None,
    certainty: Certainty = Certainty.STATED,
) -> Rule:
    """A rule for Python's own exceptions."""
    pattern = re.compile(message) if message else None
    return Rule(cause, certainty, frozenset(names.split()), pattern, Language.PYTHON)
