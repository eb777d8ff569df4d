"""Rules of changing that hold for every version; above all, that one trigger makes one run."""

import json
from abc import abstractmethod
from collections.abc import Mapping

import anyio

from dragoman_airflow.api import ANY
from dragoman_airflow.client.answers import Ask
from dragoman_airflow.client.asking import Asking, Build, Of
from dragoman_airflow.client.tolerant import Raw
from dragoman_airflow.client.wire import Request
from dragoman_airflow.errors import AnswerLost, Conflict, Invalid, RunNotFound
from dragoman_airflow.models import Instance, Run
from dragoman_airflow.orders import Trigger

SENDINGS = 3
"""A trigger whose answer was lost is sent so often; its run id keeps it one run."""
PAUSE = 0.5
"""Seconds between these, in which the lost one may still be carried out."""

EDIT_INSTANCES = "the right to edit task instances"
EDIT_RUNS = "the right to edit DAG runs"

CLEAR = Ask(
    "clear task instances",
    EDIT_INSTANCES,
    conflict="One of them runs just now; nothing was cleared.",
    fields={"note": "the note", "task_ids": "the tasks", "dag_run_id": "the run"},
)
TRIGGER = Ask(
    "trigger a DAG",
    "the right to create DAG runs",
    fields={"dag_run_id": "the run id", "conf": "conf", "note": "the note"},
    hint="A run id has letters, digits and -_.~:+ alone, conf has to fit the DAG's params, "
    "and the DAG needs to parse and to allow manual runs.",
)


class Triggering(Asking):
    """Triggers by run id, so that a lost answer, a repetition or both make one run."""

    @abstractmethod
    async def run(self, dag_id: str, run_id: str) -> Run: ...

    @abstractmethod
    def _trigger_request(self, dag_id: str, what: Trigger) -> Request: ...

    @abstractmethod
    def _run_in(self, raw: Raw) -> Run | None: ...

    async def trigger(self, dag_id: str, what: Trigger) -> Run:
        refuse_wildcards(self.name, DAG=dag_id, run=what.run_id)
        lost: AnswerLost | None = None
        for _ in range(SENDINGS):
            try:
                return await self._run_of(
                    lambda: self._trigger_request(dag_id, what), TRIGGER, Of(dag_id)
                )
            except AnswerLost as error:
                lost = error
                await anyio.sleep(PAUSE)
            except Conflict:
                return await self._in_the_way(dag_id, what, was_lost=lost is not None)
        found = await self._made(dag_id, what)
        if found is None and lost:
            raise lost
        return self._whole(found, TRIGGER)

    async def _in_the_way(self, dag_id: str, what: Trigger, *, was_lost: bool) -> Run:
        """The run that exists, if a sending of ours whose answer was lost made it."""
        try:
            run = await self.run(dag_id, what.run_id)
        except RunNotFound:
            raise Conflict(
                f"DAG {dag_id} has a run of the same logical date already; nothing was made. "
                "find_runs shows it; another logical date, or none, makes another run."
            ) from None
        if was_lost and is_same_run(run, what):
            return run
        raise Conflict(
            f"Run {run.run_id} of DAG {dag_id} exists already and is {run.state or 'new'}; "
            "nothing was made. watch_run follows it; another run id makes another run."
        )

    async def _made(self, dag_id: str, what: Trigger) -> Run | None:
        try:
            run = await self.run(dag_id, what.run_id)
        except RunNotFound:
            return None
        return run if is_same_run(run, what) else None

    async def _run_of(self, build: Build, ask: Ask, of: Of) -> Run:
        return self._whole(self._run_in(await self._get(build, ask, of)), ask)


def refuse_wildcards(instance: str, **ids: str) -> None:
    """A change names what it changes: Airflow reads "~" and a missing id as all there are."""
    for name, value in ids.items():
        if not value or value == ANY:
            raise Invalid(f"A change in Airflow {instance} has to name one {name}.")


def refuse_running(instance: str, found: tuple[Instance, ...]) -> None:
    """Where Airflow itself would kill a running task to clear it."""
    for one in found:
        if one.state in {"running", "restarting"}:
            raise Conflict(
                f"Airflow {instance} was not asked to {CLEAR.what}: {one.task_id} runs just now "
                "and would be killed. Nothing was cleared."
            )


def is_same_run(run: Run, wanted: Trigger) -> bool:
    """Whether a run that exists is the one that was asked for."""
    return (
        run.run_id == wanted.run_id
        and run.note == wanted.note
        and _plain(run.conf) == _plain(wanted.conf)
        and (wanted.logical_date is None or run.logical_date == wanted.logical_date)
    )


def _plain(conf: Mapping[str, object]) -> object:
    return json.loads(json.dumps(conf))
