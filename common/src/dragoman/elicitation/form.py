"""The form that a client shows: flat, for both protocol eras, and read with suspicion."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from dragoman.answer.canonical import Json
from dragoman.answer.secret_keys import MARK
from dragoman.elicitation.proposal import Proposal
from dragoman.elicitation.question import Question, visible

Content = Mapping[str, str | int | float | bool | Sequence[str] | None]

_MOST_BOXES = 12
_LONGEST_TITLE = 200
_LONGEST_REASON = 500


@dataclass(frozen=True, slots=True)
class Filled:
    """A form that came back filled in. `struck` are ids of items."""

    approve: bool
    reason: str
    struck: tuple[str, ...]


class Unreadable(ValueError):
    """What came back is not an answer to this form; the text says why."""


def message(proposal: Proposal) -> str:
    """The stored question, its items numbered, and the call by value; the same on every round."""
    shown = ", ".join(f"{name}={value}" for name, value in sorted(proposal.shown.items()))
    return "\n".join(
        [
            proposal.question.text,
            *numbered(proposal.question),
            "",
            f"Call: {proposal.server}.{proposal.tool}({shown})",
            f"In the name of {visible(proposal.person.subject)}; risk: {proposal.risk}.",
            *hidden(proposal),
        ]
    )


def hidden(proposal: Proposal) -> list[str]:
    """A warning where redaction took something out: an agent may have dressed it as a secret."""
    question = proposal.question
    shown = [question.text, *(item.text for item in question.items), *proposal.shown.values()]
    if not any(MARK in one for one in shown):
        return []
    return [f"Careful: what is {MARK} was not shown to you and runs as it was given."]


def numbered(question: Question) -> list[str]:
    """One entry an item; its further lines are indented, so that none can pose as an item."""
    return [
        f"{number}. {item.text}".replace("\n", "\n   ")
        for number, item in enumerate(question.items, 1)
    ]


def schema(question: Question) -> dict[str, Json]:
    """The form's JSON schema. `approve` has no default: nothing is approved by leaving it alone."""
    properties: dict[str, Json] = {
        "approve": {"type": "boolean", "title": "Approve", "description": "Yes: run this call."},
        "reason": {
            "type": "string",
            "title": "Reason",
            "description": "Why, above all if the answer is no.",
            "maxLength": _LONGEST_REASON,
        },
        **_item_properties(question),
    }
    return {"type": "object", "properties": properties, "required": ["approve"]}


def read(question: Question, content: Content | None) -> Filled:
    """The filled form. Raises Unreadable for anything that is not plainly an answer to it."""
    content = content or {}
    approve = content.get("approve")
    if not isinstance(approve, bool):
        raise Unreadable("it does not say yes or no")
    reason = content.get("reason")
    if reason is not None and not isinstance(reason, str):
        raise Unreadable("its reason is not text")
    struck = _struck(question, content) if question.items_argument else ()
    return Filled(approve, (reason or "").strip()[:_LONGEST_REASON], struck)


def by_numbers(question: Question, text: str) -> tuple[str, ...]:
    """The ids of the items that a person names by number: `2, 5-7`.

    Raises Unreadable for a number that is not in the list.
    """
    numbers: list[int] = []
    for part in text.replace(",", " ").split():
        first, _, last = part.partition("-")
        if not (first.isdecimal() and (last or first).isdecimal()):
            raise Unreadable(f"{part!r} is not the number of an item")
        low, high = int(first), int(last or first)
        if not 1 <= low <= high <= len(question.items):
            raise Unreadable(f"{part!r} is not in the list of {len(question.items)} items")
        numbers += range(low, high + 1)
    return tuple(question.items[number - 1].id for number in dict.fromkeys(numbers))


def _item_properties(question: Question) -> dict[str, Json]:
    if not question.items_argument:
        return {}
    if len(question.items) > _MOST_BOXES:
        return {
            "struck": {
                "type": "string",
                "title": "Leave out",
                "description": "Numbers of the items that must not run, for example 2, 5-7.",
            }
        }
    return {
        f"keep_{number}": {
            "type": "boolean",
            "title": item.text[:_LONGEST_TITLE],
            "description": f"Item {number}: off means that it does not run.",
            "default": True,
        }
        for number, item in enumerate(question.items, 1)
    }


def _struck(question: Question, content: Content) -> tuple[str, ...]:
    if len(question.items) > _MOST_BOXES:
        text = content.get("struck")
        if text is not None and not isinstance(text, str):
            raise Unreadable("what to leave out is not text")
        return by_numbers(question, text or "")
    boxes = {
        item.id: content.get(f"keep_{number}", True)
        for number, item in enumerate(question.items, 1)
    }
    if not all(isinstance(kept, bool) for kept in boxes.values()):
        raise Unreadable("an item is marked with something other than yes or no")
    return tuple(item_id for item_id, kept in boxes.items() if not kept)
