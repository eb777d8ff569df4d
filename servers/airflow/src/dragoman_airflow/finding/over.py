"""One question to several Airflows at the same time, and what did not answer."""

from collections.abc import Awaitable, Callable, Sequence
from dataclasses import dataclass
from typing import Generic, TypeVar

import anyio
from pydantic import BaseModel

from dragoman.answer.budget import Budget, Coverage, fit
from dragoman.answer.text import to_text
from dragoman_airflow.errors import AirflowError, DagNotFound
from dragoman_airflow.fleet import Reached
from dragoman_airflow.models import Listing
from dragoman_airflow.visible import VisibleAirflow

T = TypeVar("T")
Row = TypeVar("Row", bound=BaseModel)


@dataclass(frozen=True, slots=True)
class Gathered(Generic[T]):
    """What each Airflow said, in their order; `failed` says for each of the others why not."""

    answers: tuple[tuple[VisibleAirflow, T], ...]
    failed: tuple[str, ...]


async def gather(reached: Reached, ask: Callable[[VisibleAirflow], Awaitable[T]]) -> Gathered[T]:
    answers: dict[str, tuple[VisibleAirflow, T]] = {}
    failed = dict(reached.unreachable)

    async def one(airflow: VisibleAirflow) -> None:
        try:
            answers[airflow.name] = (airflow, await ask(airflow))
        except (AirflowError, DagNotFound) as wrong:
            failed[airflow.name] = str(wrong)

    async with anyio.create_task_group() as group:
        for airflow in reached.airflows:
            group.start_soon(one, airflow)
    names = [airflow.name for airflow in reached.airflows]
    return Gathered(
        tuple(answers[name] for name in names if name in answers),
        tuple(f"{name}: {why}" for name, why in sorted(failed.items())),
    )


def kept(
    rows: Sequence[Row], listings: Sequence[Listing[T]], failed: Sequence[str], max_tokens: int
) -> tuple[list[Row], Coverage]:
    """The rows that fit, and how much of all there is they are.

    A number is claimed only where every Airflow answered and told one.
    """
    chosen = fit(rows, dearer, Budget(max(0, max_tokens - 150)))
    claims = [listing.claimed for listing in listings]
    known = not failed and all(listing.complete or listing.claimed for listing in listings)
    claimed = sum(claim or 0 for claim in claims) if known and None not in claims else None
    delivered = sum(listing.delivered for listing in listings)
    return list(chosen.items), Coverage(kept=chosen.kept, delivered=delivered, claimed=claimed)


def dearer(row: BaseModel) -> str:
    """The longer of the two forms in which a row stands in a list."""
    text = to_text(row).replace("\n", "\n  ")
    return max(text, row.model_dump_json(exclude_none=True), key=len)
