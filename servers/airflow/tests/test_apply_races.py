"""Approve, apply, change, replay, expire, other callers, all at once: nothing unapproved."""

import random
import re
import sqlite3
from collections.abc import Awaitable, Callable
from contextlib import AsyncExitStack, closing, suppress
from dataclasses import dataclass, field
from pathlib import Path

import anyio
import anyio.lowlevel
import pytest
from changing_airflow import FakeAirflow
from changing_stage import ALICE, CAROL, applied, planned, room
from msgspec import UNSET

from dragoman.elicitation import door
from dragoman.errors import DragomanError
from dragoman.settings import Settings
from dragoman.testing import Connection, caller, connected
from dragoman_airflow.models import Dag, DagVersion, Instance, Run
from dragoman_airflow.orders import Clear, Mark, Trigger

pytestmark = pytest.mark.anyio

MALLORY = caller("mallory", "data-eng", "on-call", server="airflow", surface="chat")
_NOTED = re.compile(r"\(plan (\w+), approval (\w+)\)")
Standing = tuple[str, int, str, int]


@dataclass(frozen=True)
class Deed:
    """A change as it reached Airflow, with what it hit, as that stood then."""

    plan: str
    approval: str
    hit: frozenset[Standing]


@dataclass
class Watched(FakeAirflow):
    """Writes down each change; others get their turn before every question, as with a network."""

    deeds: list[Deed] = field(default_factory=list[Deed])

    async def clear(self, dag_id: str, what: Clear, *, dry_run: bool) -> tuple[Instance, ...]:
        if dry_run:
            await anyio.lowlevel.checkpoint()
            return await super().clear(dag_id, what, dry_run=True)
        hit = await super().clear(dag_id, what, dry_run=True)
        done = await super().clear(dag_id, what, dry_run=False)
        self._note("" if what.note is UNSET else what.note, hit)
        return done

    async def mark(self, dag_id: str, what: Mark, *, dry_run: bool) -> tuple[Instance, ...]:
        if dry_run:
            await anyio.lowlevel.checkpoint()
            return await super().mark(dag_id, what, dry_run=True)
        hit = await super().mark(dag_id, what, dry_run=True)
        done = await super().mark(dag_id, what, dry_run=False)
        self._note("" if what.note is UNSET else what.note, hit)
        return done

    async def trigger(self, dag_id: str, what: Trigger) -> Run:
        made = await super().trigger(dag_id, what)
        self._note(what.note, ())
        return made

    async def dag(self, dag_id: str) -> Dag:
        await anyio.lowlevel.checkpoint()
        return await super().dag(dag_id)

    def _note(self, note: str, hit: tuple[Instance, ...]) -> None:
        found = _NOTED.search(note)
        plan, approval = found.groups() if found else ("", "")
        self.deeds.append(Deed(plan, approval, frozenset(map(_standing, hit))))


def _standing(one: Instance) -> Standing:
    return one.run_id, one.map_index, one.state, one.try_number


@dataclass
class Ledger:
    """What people really said, and what each plan was about when it was made."""

    said_yes: dict[str, frozenset[str]] = field(default_factory=dict[str, frozenset[str]])
    made: dict[str, frozenset[Standing]] = field(default_factory=dict[str, frozenset[Standing]])


@dataclass
class Race:
    """One round: everything at once, in an order drawn from the seed."""

    rng: random.Random
    airflow: Watched
    ledger: Ledger
    folder: Path
    alices: tuple[Connection, Connection]
    mallory: Connection

    async def run(self, number: int) -> None:
        run_id = f"n{number}"
        self.airflow.add_run("sales", run_id, "failed", {"load": "failed", "report": "failed"})
        plans = await self._plan(run_id)
        await applied(self.alices[0], *plans)
        moves: list[Callable[[], Awaitable[object]]] = [
            self._decide,
            lambda: applied(self.alices[0], *plans),
            lambda: applied(self.alices[1], *plans),
            lambda: applied(self.alices[1], *plans[:1]),
            lambda: applied(self.mallory, *plans),
            lambda: applied(self.alices[0], *plans, reason="another"),
            lambda: self._move(run_id),
            lambda: self._expire(plans[0]),
        ]
        chosen = self.rng.sample(moves, self.rng.randint(3, len(moves)))
        async with anyio.create_task_group() as group:
            for move in chosen:
                group.start_soon(self._later, self.rng.randint(0, 12), move)
        for _ in range(2):
            await applied(self.alices[0], *plans)

    async def _plan(self, run_id: str) -> list[str]:
        clear = await planned(self.alices[0], "clear", run=run_id, tasks=["load"])
        self._remember(clear, run_id, "load")
        mark = await planned(self.alices[0], "mark", run=run_id, tasks=["report"], state="success")
        self._remember(mark, run_id, "report")
        start = await planned(self.alices[0], "trigger", key=run_id)
        self.ledger.made[start] = frozenset()
        plans = [clear, start] if self.rng.random() < 0.5 else [mark, start]
        return plans if self.rng.random() < 0.7 else plans[:1]

    def _remember(self, plan: str, run_id: str, task: str) -> None:
        self.ledger.made[plan] = frozenset(
            {_standing(self.airflow.cells["sales", run_id, task, -1])}
        )

    async def _decide(self) -> None:
        """A person says yes to some of what waits, strikes some of it, or says no."""
        approvals = self.alices[0].app.approvals
        for record in await door.waiting(approvals, CAROL):
            items = [item.id for item in record.proposal.question.items]
            struck = [at for at in range(len(items)) if self.rng.random() < 0.25]
            with suppress(DragomanError):
                if self.rng.random() < 0.15 or len(struck) == len(items):
                    await door.reject(approvals, record.proposal.id, CAROL, "no")
                    continue
                # Noted first: a yes counts from the moment it is written.
                kept = frozenset(one for at, one in enumerate(items) if at not in struck)
                self.ledger.said_yes[record.proposal.id] = kept
                numbers = ", ".join(str(at + 1) for at in struck)
                await door.approve(approvals, record.proposal.id, CAROL, numbers)

    async def _move(self, run_id: str) -> None:
        task = self.rng.choice(("load", "report"))
        state = self.rng.choice(("success", "running", "failed", "skipped"))
        self.airflow.put("sales", run_id, task, -1, state)

    async def _expire(self, plan: str) -> None:
        with closing(sqlite3.connect(self.folder / "approvals.sqlite")) as store, store:
            store.execute("UPDATE plans SET expires = 1 WHERE id = ?", (plan,))

    async def _later(self, turns: int, move: Callable[[], Awaitable[object]]) -> None:
        for _ in range(turns):
            await anyio.lowlevel.checkpoint()
        await move()


@pytest.fixture
def airflow() -> Watched:
    made = Watched()
    dag = Dag(dag_id="sales", version=DagVersion(version_number=1))
    made.add_dag(dag, {"load": [], "report": []})
    return made


def _unapproved(airflow: Watched, ledger: Ledger) -> list[str]:
    """Each change that no yes covers: its plan, once, on exactly what the plan was about."""
    wrong: list[str] = []
    used: set[tuple[str, str]] = set()
    for deed in airflow.deeds:
        if deed.plan not in ledger.said_yes.get(deed.approval, frozenset()):
            wrong.append(f"{deed} has no yes")
        if (deed.plan, deed.approval) in used:
            wrong.append(f"{deed} happened twice")
        if deed.hit != ledger.made[deed.plan]:
            wrong.append(f"{deed} hit something else than {ledger.made[deed.plan]}")
        used.add((deed.plan, deed.approval))
    return wrong


@pytest.mark.proof
@pytest.mark.timeout(1_800)
async def test_no_change_happens_that_no_person_approved(
    tmp_path: Path, airflow: Watched, rounds: int
) -> None:
    ledger, server = Ledger(), room(airflow)
    async with AsyncExitStack() as stack:
        replicas = [
            await stack.enter_async_context(
                connected(server, who, state=tmp_path, settings=Settings(instance=name))
            )
            for who, name in ((ALICE, "a"), (ALICE, "b"), (MALLORY, "c"))
        ]
        for number in range(rounds * 2):
            rng = random.Random(number)
            one, two, mallory = replicas
            race = Race(rng, airflow, ledger, tmp_path, (one, two), mallory)
            await race.run(number)

    assert _unapproved(airflow, ledger) == []
    assert len(airflow.deeds) >= rounds // 4


@pytest.mark.proof
@pytest.mark.timeout(600)
async def test_no_run_is_made_twice_however_answers_get_lost_and_requests_repeated(
    tmp_path: Path, airflow: Watched, rounds: int
) -> None:
    rng = random.Random(7)
    async with connected(room(airflow), ALICE, state=tmp_path) as there:
        for number in range(rounds):
            plan = await planned(there, "trigger", key=f"k{number}")
            await applied(there, plan)
            for record in await door.waiting(there.app.approvals, CAROL):
                await door.approve(there.app.approvals, record.proposal.id, CAROL)
            airflow.lose = rng.choice((0, 1))
            airflow.refuse = rng.choice((0, 0, 1))
            for _ in range(rng.randint(1, 3)):
                await applied(there, plan)
            airflow.lose = airflow.refuse = 0

    made = [act for act in airflow.acts if act.startswith("trigger")]
    assert len(made) == len(set(made))
    assert len(made) > rounds // 2
