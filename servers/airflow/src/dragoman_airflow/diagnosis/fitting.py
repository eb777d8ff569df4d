"""A diagnosis within its bytes: what matters least goes first, and what went is counted."""

from collections import Counter
from collections.abc import Callable, Iterator
from typing import Any

from dragoman.answer.text import cost
from dragoman_airflow.diagnosis.report import Diagnosis, RootCause

MOST_TOKENS = 1_500
"""6,000 bytes, of the text and of the structured content each."""

_Step = Callable[[Diagnosis], str]


def fitted(told: Diagnosis, most_tokens: int = MOST_TOKENS) -> Diagnosis:
    """The diagnosis with less of the longest parts, until it fits."""
    dropped: Counter[str] = Counter()
    for step in _steps():
        while cost(told) > most_tokens:
            what = step(told)
            if not what:
                break
            dropped[what] += 1
            told.left_out = [f"{many} {name}" for name, many in sorted(dropped.items())]
    return told


def _steps() -> Iterator[_Step]:
    yield _of_roots("before", "lines before the failure", 4)
    yield _of_roots("frames", "frames", 2)
    yield _of_roots("other_errors", "other instances' errors", 2)
    yield _of_roots("evidence", "quotes", 2)
    yield _shorter_diff
    yield _of_list("links", "links", 1)
    yield _of_list("not_causes", "of what is not the cause", 2)
    yield _of_list("also_failed", "tasks that failed later", 2)
    yield _of_list("says", "messages", 1)
    yield _of_roots("before", "lines before the failure", 1)
    yield _of_roots("exceptions", "exceptions", 1)
    yield _of_list("handover", "hand-overs", 1)
    yield _of_list("not_read", "notes of what was not read", 3)
    yield _of_roots("other_errors", "other instances' errors", 0)
    yield _of_roots("evidence", "quotes", 0)
    yield _of_roots("frames", "frames", 0)
    yield _of_roots("before", "lines before the failure", 0)
    yield _no_diff
    yield _of_list("roots", "root tasks in full", 1)


def _of_roots(name: str, words: str, at_least: int) -> _Step:
    """Takes from the longest such list of all roots; the oldest line goes first of `before`."""

    def step(told: Diagnosis) -> str:
        longest: list[Any] = max([[], *(_list(root, name) for root in told.roots)], key=len)
        if len(longest) <= at_least:
            return ""
        longest.pop(0 if name in {"before", "exceptions"} else -1)
        return words

    return step


def _of_list(name: str, words: str, at_least: int) -> _Step:
    def step(told: Diagnosis) -> str:
        entries: list[Any] = getattr(told, name)
        if len(entries) <= at_least:
            return ""
        gone = entries.pop()
        if isinstance(gone, RootCause):
            told.also_failed.append(f"{gone.task}: {gone.cause}")
        return words

    return step


def _shorter_diff(told: Diagnosis) -> str:
    compared = told.compared
    if compared is None or compared.source_diff is None:
        return ""
    lines = compared.source_diff.splitlines()
    if len(lines) <= 6:
        return ""
    compared.source_diff = type(compared.source_diff)("\n".join(lines[:-2]))
    return "pairs of lines of the source's difference"


def _no_diff(told: Diagnosis) -> str:
    if told.compared is None or told.compared.source_diff is None:
        return ""
    told.compared.source_diff = None
    return "source's difference"


def _list(root: RootCause, name: str) -> list[Any]:
    entries: list[Any] = getattr(root, name)
    return entries
