"""How much of an answer fits, and what was left out."""

from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from typing import Annotated, Generic, TypeVar

from pydantic import BaseModel, ConfigDict, Field

T = TypeVar("T")

DEFAULT_TOKENS = 4_000
HARD_TOKENS = 20_000

MaxTokens = Annotated[
    int,
    Field(
        ge=100,
        le=HARD_TOKENS,
        description="Longest answer in tokens; what does not fit is counted",
    ),
]
"""A tool's parameter: `max_tokens: MaxTokens = DEFAULT_TOKENS`."""


def tokens(text: str) -> int:
    """What a text costs: its UTF-8 bytes / 4, rounded up."""
    return -(-len(text.encode("utf-8", "surrogatepass")) // 4)


@dataclass(frozen=True)
class Budget:
    """Tokens that an answer may still cost."""

    max_tokens: int = DEFAULT_TOKENS

    def __post_init__(self) -> None:
        if not 0 <= self.max_tokens <= HARD_TOKENS:
            raise ValueError(f"a budget is 0 to {HARD_TOKENS} tokens, not {self.max_tokens}")

    def less(self, *texts: str) -> "Budget":
        """What is left beside texts that the answer holds in any case."""
        return Budget(max(0, self.max_tokens - sum(map(tokens, texts))))

    @property
    def bytes(self) -> int:
        return self.max_tokens * 4


class Coverage(BaseModel):
    """How much of a list an answer holds."""

    model_config = ConfigDict(frozen=True)

    kept: int = Field(description="In this answer")
    delivered: int = Field(description="Read from the source")
    claimed: int | None = Field(
        default=None, description="The source says there are; null: unknown"
    )

    @property
    def complete(self) -> bool:
        return self.kept == self.delivered == self.claimed

    def of(self, noun: str) -> str:
        """The coverage in words; only a complete one says that there are none.

        `noun` is a plural, as in "failed stages".
        """
        if self.complete:
            return f"{self.kept or 'no'} {noun}, complete"
        known = "an unknown number" if self.claimed is None else f"{self.claimed:,}"
        return f"{self.kept:,} {noun} shown, {self.delivered:,} read of {known}"


@dataclass(frozen=True)
class Kept(Generic[T]):
    """The items that fit, in their order, and where the rest begins."""

    items: tuple[T, ...]
    kept: int
    delivered: int
    claimed: int | None
    next: int | None
    """Position of the first item left out; None when all were kept."""
    needed: int = 0
    """Tokens that the first item left out costs; above the budget when it fits no answer of it."""

    @property
    def coverage(self) -> Coverage:
        return Coverage(kept=self.kept, delivered=self.delivered, claimed=self.claimed)


def fit(
    items: Sequence[T],
    render: Callable[[T], str],
    budget: Budget,
    *,
    start: int = 0,
    claimed: int | None = None,
) -> Kept[T]:
    """The longest run of items from `start` whose rendered lines fit the budget.

    `render` gives the dearer form of an item, since text and structured content each have to
    fit. `claimed` is how many the source says there are; without it the items are all.
    """
    kept: list[T] = []
    spent = 0
    for cost, item in _priced(items[start:], render):
        if spent + cost > budget.bytes:
            break
        spent += cost
        kept.append(item)
    end = start + len(kept)
    rest = items[end] if end < len(items) else None
    return Kept(
        items=tuple(kept),
        kept=len(kept),
        delivered=len(items),
        claimed=len(items) if claimed is None else claimed,
        next=None if rest is None else end,
        needed=0 if rest is None else tokens(render(rest) + "\n"),
    )


def _priced(items: Sequence[T], render: Callable[[T], str]) -> Iterable[tuple[int, T]]:
    """Each item with the bytes of its line."""
    for item in items:
        yield len(render(item).encode("utf-8", "surrogatepass")) + 1, item
