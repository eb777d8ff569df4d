"""What a person is asked before a dangerous call, and the part of a batch they let through."""

import re
import unicodedata
from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass

from dragoman.answer.canonical import Json, canonical
from dragoman.answer.untrusted import UNSEEN
from dragoman.errors import ApprovalRefused, BadInput
from dragoman.risk import Risk

_UNSEEN = re.compile(UNSEEN)


@dataclass(frozen=True, slots=True)
class Item:
    """One element of a batch: `id` is the element's value, `text` is what the person reads.

    The id of an element that is not a string is its canonical JSON.
    """

    id: str
    text: str


@dataclass(frozen=True, slots=True)
class Question:
    """What `confirm=` asks; rendered once, then stored and shown unchanged.

    `digest` stands for the state of the world that the question describes: a call whose digest
    has changed since is refused. Words alone are not compared, so a clock in them is harmless.
    `risk` may raise the tool's own risk for this call. `items_argument` names the list argument
    whose elements are the items, one each; without it nothing can be struck.
    """

    text: str
    items: tuple[Item, ...] = ()
    digest: str = ""
    risk: Risk | None = None
    items_argument: str = ""

    def __post_init__(self) -> None:
        if not self.text.strip():
            raise TypeError("a question without words cannot be approved")
        if len({item.id for item in self.items}) != len(self.items):
            raise BadInput("The list names an element twice; name each once and call again.")
        if self.items_argument and not self.items:
            raise TypeError(f"items_argument={self.items_argument!r} needs items")

    def final_risk(self, declared: Risk) -> Risk:
        """The risk of this call. A question that would lower it is a programming error."""
        if self.risk is None:
            return declared
        if self.risk.level < declared.level:
            raise TypeError(f"confirm= may raise the risk {declared}, never lower it: {self.risk}")
        return self.risk

    def fits(self, arguments: Mapping[str, Json]) -> None:
        """Raises TypeError unless the items are exactly the elements that would run.

        Raises BadInput when an element occurs twice: striking one of them would be ambiguous.
        """
        if not self.items_argument:
            return
        elements = [element_id(element) for element in _elements(arguments, self.items_argument)]
        if len(set(elements)) != len(elements):
            raise BadInput(f"{self.items_argument} names an element twice; name each once.")
        if set(elements) != {item.id for item in self.items}:
            raise TypeError(f"the items are not the elements of argument {self.items_argument!r}")


def approved_items(question: Question, struck: Collection[str]) -> tuple[Item, ...]:
    """The items that stay. Raises ApprovalRefused when a struck id was never asked about."""
    unknown = set(struck) - {item.id for item in question.items}
    if unknown:
        raise ApprovalRefused(
            "Only items of the question can be struck, and these are not: "
            + ", ".join(sorted(visible(one) for one in unknown))
        )
    if struck and not question.items_argument:
        raise ApprovalRefused("The items of this question stand or fall together; reject it whole.")
    return tuple(item for item in question.items if item.id not in set(struck))


def subset(
    arguments: Mapping[str, Json], items_argument: str, struck: Collection[str]
) -> dict[str, Json]:
    """The arguments without the struck elements, told apart by value and never by position."""
    if not struck:
        return dict(arguments)
    kept = [
        element
        for element in _elements(arguments, items_argument)
        if element_id(element) not in set(struck)
    ]
    if not kept:
        raise ApprovalRefused("Every item was struck, so nothing is left to do.")
    return {**arguments, items_argument: kept}


def element_id(element: Json) -> str:
    """How an element of a batch is named in a question: its own text, or its canonical JSON."""
    return element if isinstance(element, str) else canonical(element).decode()


def visible(text: str) -> str:
    """The text with everything that could deceive its reader written out.

    Control characters (a terminal obeys them), direction marks, other invisible characters and
    line ends that only some readers see become their escapes; line breaks and tabs stay.
    """
    return "".join(
        _escape(char) if char not in "\n\t" and _deceives(char) else char for char in text
    )


def _deceives(char: str) -> bool:
    kind = unicodedata.category(char)
    return kind[0] == "C" or kind in {"Zl", "Zp"} or _UNSEEN.match(char) is not None


def _escape(char: str) -> str:
    code = ord(char)
    return f"\\u{code:04x}" if code <= 0xFFFF else f"\\U{code:08x}"


def _elements(arguments: Mapping[str, Json], name: str) -> list[Json]:
    value = arguments.get(name)
    if isinstance(value, str) or not isinstance(value, Sequence):
        raise TypeError(f"argument {name!r} is not a list, so nothing of it can be struck")
    return list(value)
