"""What is hidden from a caller leaves no trace in anything that is read of an Airflow."""

import random
from collections.abc import Callable
from dataclasses import asdict
from datetime import timedelta
from typing import Any

import msgspec
import pytest
from airflow_in_memory import NOW, InMemory, Opener, ago, dag, setting

from dragoman.auth.caller import Caller
from dragoman.auth.policy import Entity
from dragoman.errors import BadInput, NotPermitted
from dragoman.tool import Permits
from dragoman_airflow.api import ANY
from dragoman_airflow.errors import DagNotFound, UnknownInstance
from dragoman_airflow.filters import EventFilter
from dragoman_airflow.fleet import Fleet, Instances
from dragoman_airflow.models import (
    Asset,
    AssetEvent,
    Backfill,
    Event,
    HumanTask,
    ImportFault,
    Instance,
    Job,
    Listing,
    Pool,
    Run,
)
from dragoman_airflow.orders import BackfillSpan, Clear, Mark, Trigger
from dragoman_airflow.settings import AirflowSettings
from dragoman_airflow.visible import CHANGE, READ, Labels, VisibleAirflow

pytestmark = pytest.mark.anyio
SPELL = "vault"


def only(tag: str, *actions: str) -> Permits:
    """Policy: every Airflow, and DAGs with this tag."""

    def permits(action: str, entity: Entity) -> bool:
        tags = entity.attributes["tags"]
        assert isinstance(tags, tuple)
        return action in (actions or (READ,)) and (entity.type == "Instance" or tag in tags)

    return permits


def anyone(action: str, entity: Entity) -> bool:
    del action, entity
    return True


def nobody(action: str, entity: Entity) -> bool:
    del action, entity
    return False


def _of(dag_id: str) -> dict[str, Any]:
    return {"dag_id": dag_id, "run_id": f"{dag_id}-1"}


def world(*, hidden: bool = True) -> InMemory:
    """Two DAGs that may be seen, and one that may not, which has a hand in everything."""
    names = ["sales", "returns", *([SPELL] if hidden else [])]
    made = InMemory(
        all_dags=[dag(name, "gold" if name != SPELL else "iron") for name in names],
        all_pools=[Pool(name="default_pool", slots=4, running_slots=len(names))],
        all_runs=[Run(**_of(name), state="failed", run_after=ago(hours=1)) for name in names],
        all_instances=[
            Instance(**_of(name), task_id="load", state="running", pool="default_pool")
            for name in names
        ],
        all_events=[Event(event="trigger", **_of(name)) for name in names],
        all_jobs=[Job(job_type="SchedulerJob", hostname="s1")],
        people=[HumanTask(instance=Instance(**_of(name), task_id="ask")) for name in names],
        faults=[ImportFault(filename="returns.py", stack_trace="SyntaxError")],
    )
    if hidden:
        made.all_events.append(Event(event="patch_variable", extra=f"for {SPELL}"))
        made.all_jobs += [
            Job(job_type="LocalTaskJob", dag_id=SPELL),
            Job(job_type="LocalTaskJob", hostname="w1"),
        ]
        made.faults += [
            ImportFault(filename=f"/dags/{SPELL}.py", stack_trace=SPELL),
            ImportFault(filename=f"{SPELL}_new.py", stack_trace=SPELL),
        ]
    made.all_assets = [
        Asset(
            name="orders",
            producers=(("sales", "load"), *([(SPELL, "load")] if hidden else [])),
            scheduled_dags=("returns", *([SPELL] if hidden else [])),
        )
    ]
    made.all_asset_events = [
        AssetEvent(
            name="orders",
            source_dag_id="sales",
            source_run_id="sales-1",
            created_runs=(("returns", "returns-1"), *([(SPELL, "vault-1")] if hidden else [])),
        )
    ]
    return made


def seen(airflow: InMemory, permits: Permits) -> VisibleAirflow:
    return VisibleAirflow(airflow, setting("prod"), permits, Labels(60.0))


async def _all_reads(airflow: VisibleAirflow) -> dict[str, object]:
    return {
        "dags": await airflow.dags(),
        "runs": await airflow.runs(ANY),
        "instances": await airflow.instances(ANY, ANY),
        "count": await airflow.count(ANY, ANY),
        "events": await airflow.events(EventFilter()),
        "jobs": await airflow.jobs(),
        "import errors": await airflow.import_errors(),
        "assets": await airflow.assets(["sales", "returns"]),
        "upstream": await airflow.upstream_events("returns", "returns-1"),
        "asset events": await airflow.asset_events(source_dag_id="sales"),
        "people": await airflow.human_tasks(),
    }


async def test_every_list_reads_as_if_the_hidden_dag_did_not_exist() -> None:
    with_it = await _all_reads(seen(world(hidden=True), only("gold")))
    without = await _all_reads(seen(world(hidden=False), only("gold")))

    assert with_it == without
    assert SPELL not in repr(with_it)


async def test_every_list_has_the_dag_for_those_who_may_see_it() -> None:
    answers = await _all_reads(seen(world(), anyone))

    for name, answer in answers.items():
        assert SPELL in repr(answer) or (name, answer) == ("count", 3), name


@pytest.mark.parametrize("remembered", ["", "labels are"])
async def test_hidden_dag_says_and_costs_what_an_unknown_one_does(remembered: str) -> None:
    said: list[tuple[str, int]] = []
    for name in (SPELL, "nowhere"):
        made = world()
        airflow = seen(made, only("gold", READ, CHANGE))
        if remembered:
            await airflow.dags()
        for ask in _single(airflow, name):
            before = made.requests
            with pytest.raises(DagNotFound) as wrong:
                await ask()
            said.append((str(wrong.value).replace(name, "X"), made.requests - before))

    half = len(said) // 2
    assert said[:half] == said[half:]
    assert {cost for _, cost in said} == {1}


def _single(airflow: VisibleAirflow, dag_id: str) -> list[Callable[[], Any]]:
    """Every call that names one DAG."""
    one = Instance(**_of(dag_id), task_id="load")
    span = BackfillSpan(dag_id=dag_id, from_date=NOW, to_date=NOW)
    mark = Mark(run_id="r", task_id="load", state="success")
    return [
        lambda: airflow.dag(dag_id),
        lambda: airflow.tasks(dag_id),
        lambda: airflow.runs(dag_id),
        lambda: airflow.run(dag_id, "r"),
        lambda: airflow.instances(dag_id, "r"),
        lambda: airflow.count(dag_id, "r"),
        lambda: airflow.instance(dag_id, "r", "load"),
        lambda: airflow.tries(dag_id, "r", "load"),
        lambda: airflow.dependencies(dag_id, "r", "load"),
        lambda: airflow.log(one, 1).__aenter__(),
        lambda: airflow.events(EventFilter(dag_id=dag_id)),
        lambda: airflow.versions(dag_id),
        lambda: airflow.source(dag_id),
        lambda: airflow.assets([dag_id]),
        lambda: airflow.upstream_events(dag_id, "r"),
        lambda: airflow.asset_events(source_dag_id=dag_id),
        lambda: airflow.links(one),
        lambda: airflow.human_tasks(dag_id),
        lambda: airflow.backfills(dag_id),
        lambda: airflow.may_change(dag_id),
        lambda: airflow.clear(dag_id, Clear(run_id="r", pairs=()), dry_run=True),
        lambda: airflow.mark(dag_id, mark, dry_run=True),
        lambda: airflow.mark_run(dag_id, "r", "failed", ""),
        lambda: airflow.note_run(dag_id, "r", ""),
        lambda: airflow.note_instance(one, ""),
        lambda: airflow.trigger(dag_id, Trigger(run_id="r")),
        lambda: airflow.pause(dag_id, paused=True),
        lambda: airflow.backfill(span),
        lambda: airflow.backfill_dates(span),
    ]


async def test_reader_changes_nothing_and_is_told_that_policy_says_no() -> None:
    made = world()
    airflow = seen(made, only("gold", READ))

    for change in _single(airflow, "sales")[20:]:
        with pytest.raises(NotPermitted, match="No policy lets you change sales on prod"):
            await change()
    assert not await airflow.may_change("sales")
    assert [call for call in made.seen if not call.startswith("dag")] == []


async def test_what_may_be_changed_is_never_from_memory() -> None:
    made = world()
    made.all_backfills = [Backfill(id=8, dag_id="sales")]
    airflow = seen(made, only("gold", READ, CHANGE))
    await airflow.backfills("sales")
    made.all_dags[0] = dag("sales", "iron")

    with pytest.raises(DagNotFound):
        await airflow.cancel_backfill(8)
    with pytest.raises(DagNotFound):
        await airflow.pause("sales", paused=True)
    assert {call.partition(" ")[0] for call in made.seen} <= {"dag", "backfills"}


async def test_backfill_that_was_not_listed_is_not_cancelled() -> None:
    made = world()
    made.all_backfills = [Backfill(id=7, dag_id=SPELL), Backfill(id=8, dag_id="sales")]
    airflow = seen(made, only("gold", READ, CHANGE))

    with pytest.raises(BadInput, match="No backfill 7 was listed"):
        await airflow.cancel_backfill(7)
    await airflow.backfills("sales")
    await airflow.cancel_backfill(8)

    assert [call for call in made.seen if call.startswith("cancel")] == ["cancel 8"]


async def test_list_that_ends_with_hidden_ones_is_complete() -> None:
    made = world(hidden=False)
    made.all_dags += [dag(f"{SPELL}_{n}", "iron") for n in range(400)]
    airflow = seen(made, only("gold"))

    found = await airflow.dags(limit=2)

    assert (found.delivered, found.claimed, found.complete, found.note) == (2, 2, True, "")


async def test_list_cut_short_claims_no_number_that_has_hidden_ones_in_it() -> None:
    made = world(hidden=False)
    made.all_runs = [
        Run(dag_id=name, run_id=f"r{n}", run_after=NOW - timedelta(minutes=n))
        for n in range(30)
        for name in (SPELL, "sales")
    ]
    made.all_dags.append(dag(SPELL, "iron"))

    found = await seen(made, only("gold")).runs(ANY, limit=10)

    assert [run.run_id for run in found.items] == [f"r{n}" for n in range(10)]
    assert (found.claimed, found.complete) == (None, False)
    assert "60" not in found.note


async def test_file_shared_with_a_hidden_dag_tells_its_name_alone() -> None:
    made = world()
    made.all_dags += [dag("both", "gold", fileloc="/dags/shared.py")]
    made.all_dags += [dag("both2", "iron", fileloc="/dags/shared.py")]
    made.faults = [ImportFault(filename="shared.py", stack_trace=f"{SPELL} is not defined")]

    found = await seen(made, only("gold")).import_errors()

    assert [(one.filename, one.stack_trace) for one in found.items] == [("shared.py", "")]


async def test_file_of_no_known_dag_is_told_to_those_alone_who_may_see_all() -> None:
    made = world()
    made.faults = [ImportFault(filename="brand_new.py", stack_trace="SyntaxError")]

    for permits, count in ((only("gold"), 0), (anyone, 1)):
        found = await seen(made, permits).import_errors()
        assert (found.delivered, found.claimed, found.complete) == (count, count, True)


async def test_tag_that_hides_a_dag_counts_once_the_remembered_ones_are_old() -> None:
    made, clock = world(), [0.0]
    labels = Labels(60.0, lambda: clock[0])
    airflow = VisibleAirflow(made, setting("prod"), only("gold"), labels)
    await airflow.tasks("sales")
    made.all_dags[0] = dag("sales", "iron")

    await airflow.tasks("sales")
    clock[0] = 61.0

    with pytest.raises(DagNotFound):
        await airflow.tasks("sales")


async def test_tag_that_opens_a_dag_counts_at_once() -> None:
    made = world()
    airflow = seen(made, only("gold"))
    with pytest.raises(DagNotFound):
        await airflow.tasks(SPELL)
    made.all_dags[2] = dag(SPELL, "gold")

    assert await airflow.tasks(SPELL) == ()


def fleet(permits: Permits, *names: str) -> Any:
    told = AirflowSettings(instances=tuple(setting(name, name) for name in names))
    airflows = {name: world() for name in names}
    for name, airflow in airflows.items():
        airflow.name = name
    return Instances(told, Opener(airflows)).open(Caller("alice"), "", permits)


async def test_hidden_airflow_reads_like_one_that_does_not_exist() -> None:
    def permits(action: str, entity: Entity) -> bool:
        del action
        return "secret" not in (entity.id, entity.attributes.get("instance"))

    there: Fleet = await fleet(permits, "prod", "secret", "test")
    said: list[str] = []
    for name in ("secret", "nowhere"):
        for ask in (
            lambda name=name: there.at(name),
            lambda name=name: there.target("sales", instance=name),
            lambda name=name: there.target(f"https://{name}.example.org/dags/sales"),
            lambda name=name: there.reach(name),
        ):
            with pytest.raises(UnknownInstance) as wrong:
                await ask()
            said.append(str(wrong.value).replace(name, "X"))

    assert said[:4] == said[4:]
    assert "secret" not in " ".join(said)
    assert there.names == ("prod", "test")
    assert [one.name for one in (await there.reach()).airflows] == ["prod", "test"]


async def test_no_airflow_is_named_to_one_who_may_see_none() -> None:
    there: Fleet = await fleet(nobody, "prod")

    with pytest.raises(UnknownInstance, match="No Airflow is open to you here"):
        await there.at("")
    with pytest.raises(UnknownInstance, match="No Airflow is open to you here"):
        await there.reach()


@pytest.mark.proof
async def test_random_worlds_read_as_if_hidden_dags_did_not_exist(rounds: int) -> None:
    for seed in range(rounds):
        dice = random.Random(seed)
        whole, left = _random_worlds(dice)
        limit = dice.choice([1, 2, 5, 50])
        told = [
            await airflow.dags(limit=limit)
            for airflow in (seen(whole, only("gold")), seen(left, only("gold")))
        ]
        runs = [
            await airflow.runs(ANY, limit=limit)
            for airflow in (seen(whole, only("gold")), seen(left, only("gold")))
        ]
        faults = [
            await airflow.import_errors()
            for airflow in (seen(whole, only("gold")), seen(left, only("gold")))
        ]

        assert _shown(told[0]) == _shown(told[1]), seed
        assert _shown(runs[0]) == _shown(runs[1]), seed
        known = {f"/dags/{one.dag_id}.py" for one in left.all_dags}
        assert {one.filename for one in faults[0].items} <= known, seed
        assert SPELL not in repr([*told, *runs, *faults]), seed


def _random_worlds(dice: random.Random) -> tuple[InMemory, InMemory]:
    """One with hidden DAGs among the others, and the same without them."""
    names = [f"{'sales' if dice.random() < 0.4 else SPELL}_{n}" for n in range(dice.randrange(40))]
    whole, left = InMemory(), InMemory()
    for number, name in enumerate(names):
        for made in (whole, *([left] if name.startswith("sales") else [])):
            made.all_dags.append(dag(name, "gold" if name.startswith("sales") else "iron"))
            made.all_runs.append(
                Run(dag_id=name, run_id=f"r{number}", run_after=ago(minutes=number))
            )
            made.faults.append(ImportFault(filename=f"/dags/{name}.py", stack_trace=name))
    return whole, left


def _shown(found: Listing[Any]) -> object:
    """All but a claim that a list cut short may leave out."""
    told = asdict(found)
    told["items"] = [msgspec.to_builtins(one) for one in found.items]
    return told if found.complete else {**told, "claimed": None}
