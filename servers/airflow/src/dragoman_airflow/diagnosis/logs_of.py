"""The logs of a root: its last try, other instances of a mapped task, and earlier tries."""

from collections.abc import Awaitable, Callable, Sequence

from dragoman_airflow.api import Airflow
from dragoman_airflow.diagnosis.asking import OF_LOG, Asking, together
from dragoman_airflow.diagnosis.reading import Reading
from dragoman_airflow.diagnosis.roots import Root
from dragoman_airflow.models import Instance

Reader = Callable[[Airflow, Instance, int], Awaitable[Reading]]
_MOST_INSTANCES = 3


async def last_tries(
    asking: Asking, reader: Reader, root: Root, most: int = _MOST_INSTANCES
) -> dict[int, Reading]:
    """The last try's reading by map index: of the first, the last and the middle instance."""
    chosen = _spread([one for one in root.instances if one.try_number > 0], most)
    affordable = chosen[: max(0, asking.left // OF_LOG)]
    if len(affordable) < len(chosen):
        asking.has_room(f"logs of {root.task_id}", OF_LOG * len(chosen))
    readings: dict[int, Reading] = {}

    async def read(one: Instance) -> None:
        readings[one.map_index] = await reader(asking.airflow, one, one.try_number)

    await together(*(_bound(read, one) for one in affordable))
    return readings


async def earlier_tries(
    asking: Asking, reader: Reader, one: Instance, numbers: Sequence[int]
) -> list[Reading]:
    readings: list[Reading] = []
    for number in numbers:
        if not asking.has_room(f"log of try {number} of {one.task_id}", OF_LOG):
            break
        readings.append(await reader(asking.airflow, one, number))
    return readings


def _spread(failed: Sequence[Instance], most: int) -> list[Instance]:
    if len(failed) <= most:
        return list(failed)
    if most < 3:
        return list(failed[:most])
    last = len(failed) - 1
    return [failed[round(step * last / (most - 1))] for step in range(most)]


def _bound(
    read: Callable[[Instance], Awaitable[None]], one: Instance
) -> Callable[[], Awaitable[None]]:
    def job() -> Awaitable[None]:
        return read(one)

    return job
