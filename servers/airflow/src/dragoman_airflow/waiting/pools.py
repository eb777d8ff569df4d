"""A pool without room, and who holds it."""

from dragoman_airflow.api import ANY
from dragoman_airflow.filters import InstanceFilter
from dragoman_airflow.models import Instance, Pool
from dragoman_airflow.waiting.case import Case
from dragoman_airflow.waiting.causes import WaitCause
from dragoman_airflow.waiting.report import Place, Wait
from dragoman_airflow.words import instance_word, since, word

_HOLDERS = 5


async def pool_wait(case: Case, one: Instance) -> Wait | None:
    """Why the instance's pool does not let it start; None when it has room, or is not known."""
    name = one.pool
    pools = await case.pools()
    pool = next((pool for pool in pools.items if pool.name == name), None)
    if pool is None:
        return _missing(name) if pools.complete and name else None
    if pool.slots >= 0 and one.pool_slots > pool.slots:
        return Wait(
            cause=WaitCause.POOL_TOO_SMALL,
            what=f"{instance_word(one)} needs {one.pool_slots} slots, but pool {word(name)} has"
            f" {pool.slots} in all: it can never start.",
        )
    if pool.slots < 0 or pool.open_slots >= one.pool_slots:
        case.ruled_out.append(f"pool {word(name)}: {_numbers(pool)}")
        return None
    return Wait(
        cause=WaitCause.POOL_FULL,
        what=f"Pool {word(name)} is full: {_numbers(pool)}; {instance_word(one)} needs"
        f" {one.pool_slots}.",
        waits_for=await _holders(case, pool),
    )


def _missing(name: str) -> Wait:
    return Wait(
        cause=WaitCause.POOL_MISSING,
        what=f"There is no pool {word(name)}: Airflow never starts tasks of a pool that does not"
        " exist.",
    )


def _numbers(pool: Pool) -> str:
    if pool.slots < 0:
        return "no limit"
    deferred = f", {pool.deferred_slots} deferred" if pool.include_deferred else ""
    return (
        f"{pool.open_slots} of {pool.slots} slots open, {pool.running_slots} running,"
        f" {pool.queued_slots} queued{deferred}"
    )


async def _holders(case: Case, pool: Pool) -> list[Place]:
    """Those who hold its slots, longest first, as far as the caller may see them."""
    states = ("running", "queued", *(["deferred"] if pool.include_deferred else []))
    where = InstanceFilter(states=states, pools=(pool.name,), order_by="start_date")
    found = await case.of(where, ANY, ANY, _HOLDERS)
    return [holder(case, one) for one in found.items]


def holder(case: Case, one: Instance) -> Place:
    return Place(
        dag=word(one.dag_id),
        run=word(one.run_id),
        task=instance_word(one),
        state=one.state,
        since=since(one.start_date or one.queued_when, case.now),
        slots=one.pool_slots if one.pool_slots != 1 else None,
    )
