"""Which code a repeated run would be: its own version, or the latest."""

from dragoman_airflow.api import Airflow, Feature
from dragoman_airflow.change.scene import Scene
from dragoman_airflow.change.wanted import Wanted
from dragoman_airflow.models import Dag


def runs_latest(airflow: Airflow, wanted: Wanted, dag: Dag) -> bool | None:
    """Whether to ask Airflow for the latest version; None where it knows no versions.

    What the DAG says holds unless the caller says otherwise. Airflow's own default can be set in
    its configuration, which we cannot read, so the answer is always sent along.
    """
    if not airflow.has(Feature.VERSIONS):
        return None
    if wanted.latest_version is not None:
        return wanted.latest_version
    return bool(dag.rerun_with_latest_version)


async def code(airflow: Airflow, wanted: Wanted, seen: Scene) -> tuple[str, tuple[str, ...]]:
    """The code that would run, in words, and what follows from a difference."""
    latest = runs_latest(airflow, wanted, seen.dag)
    if latest is None:
        return "as it is now: this Airflow keeps no versions", ()
    mine, newest = seen.run_version, seen.latest_version
    if mine is None:
        return f"the latest version {newest}: the run has none of its own", ()
    if not seen.drifted:
        return f"version {mine}, which is also the latest", ()
    if not latest:
        return f"version {mine}, as before; the latest is {newest}", ()
    return f"the latest version {newest}, not version {mine} as before", await _changes(
        airflow, wanted, mine
    )


async def _changes(airflow: Airflow, wanted: Wanted, mine: int) -> tuple[str, ...]:
    before = {task.task_id for task in await airflow.tasks(wanted.dag_id, mine)}
    after = {task.task_id for task in await airflow.tasks(wanted.dag_id)}
    added, gone = sorted(after - before), sorted(before - after)
    notices: list[str] = []
    if added:
        notices.append(f"the latest version adds and would run {', '.join(added)}")
    if gone:
        notices.append(f"the latest version no longer has {', '.join(gone)}")
    return tuple(notices)
