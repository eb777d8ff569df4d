"""Names, times and counts as sentences hold them."""

import re
from collections.abc import Iterable
from datetime import UTC, datetime

from dragoman_airflow.models import Instance

_PLAIN = re.compile(r"[\w.~:+@/%=#-]{1,250}", re.ASCII)


def word(name: str) -> str:
    """A name that users choose, unable to pass for a sentence: odd characters are replaced."""
    if _PLAIN.fullmatch(name):
        return name
    return re.sub(r"[^\w.~:+@/%=#-]+", "_", name)[:120]


def when(at: datetime | None) -> str:
    return at.astimezone(UTC).strftime("%Y-%m-%dT%H:%M:%SZ") if at else ""


def since(at: datetime | None, now: datetime) -> str:
    """The time, and how long ago or ahead it is; empty when it is not known."""
    if at is None:
        return ""
    seconds = (now - at).total_seconds()
    return (
        f"{when(at)}, {span(seconds)} ago" if seconds >= 0 else f"{when(at)}, in {span(-seconds)}"
    )


def span(seconds: float) -> str:
    """A length of time in its two largest units."""
    left, parts = int(seconds), list[str]()
    for size, unit in ((86_400, "d"), (3_600, "h"), (60, "min"), (1, "s")):
        count, left = divmod(left, size)
        if count:
            parts.append(f"{count} {unit}")
    return " ".join(parts[:2]) or "0 s"


def instance_word(one: Instance) -> str:
    index = f"[{one.map_index}]" if one.map_index >= 0 else ""
    return word(one.task_id) + index


def listed(names: Iterable[str], most: int = 5) -> str:
    """The first of them, and how many more there are."""
    every = list(names)
    more = f" and {len(every) - most} more" if len(every) > most else ""
    return ", ".join(every[:most]) + more


def grouped(instances: Iterable[Instance]) -> list[str]:
    """Instances by task, a mapped one with its indexes."""
    by_task: dict[str, list[int]] = {}
    for one in instances:
        by_task.setdefault(one.task_id, []).append(one.map_index)
    return [
        word(task)
        if indexes == [-1]
        else f"{word(task)} [{listed([str(index) for index in sorted(indexes)], 6)}]"
        for task, indexes in by_task.items()
    ]


def words(text: str) -> str:
    """A short text that users choose, such as a schedule, with odd characters replaced."""
    return re.sub(r"[^\w.~:+@/%=#*?, -]+", "_", text)[:120]
