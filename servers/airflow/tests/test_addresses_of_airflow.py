"""What an address of Airflow names, on both versions, and back."""

from datetime import UTC, datetime
from typing import Any
from urllib.parse import quote

import pytest
from airflow_in_memory import InMemory, Opener, dag, setting
from hypothesis import given
from hypothesis import strategies as st

from dragoman.auth.caller import Caller
from dragoman.auth.policy import Entity
from dragoman.errors import BadInput
from dragoman_airflow.addresses import Place, page, place_of
from dragoman_airflow.errors import DagNotFound, RunNotFound, UnknownInstance, Unreachable
from dragoman_airflow.fleet import Fleet, Instances
from dragoman_airflow.models import Run
from dragoman_airflow.settings import AirflowSettings

HOME = setting("prod", url="https://air.example.org/prod")
DEEP = setting("deep", url="https://air.example.org/prod/deep/")
OLD = setting("old", url="http://old.example.org:8080")
ALL = (HOME, DEEP, OLD)
RUN = "scheduled__2026-11-08T00:00:00+00:00"
AIR2 = "http://old.example.org:8080"
P = "https://air.example.org/prod"


@pytest.mark.parametrize(
    ("address", "name", "place"),
    [
        (f"{P}/dags/sales", "prod", Place("sales")),
        (f"{P}/dags/sales/runs/{quote(RUN)}", "prod", Place("sales", RUN)),
        (f"{P}/dags/sales/runs/{RUN}/tasks/load", "prod", Place("sales", RUN, "load")),
        (
            f"{P}/dags/sales/runs/a%2Fb%25/tasks/g.load/mapped/7?try_number=2",
            "prod",
            Place("sales", "a/b%", "g.load", 7, 2),
        ),
        (f"{P}/dags/sales/runs/r/tasks/group/extract", "prod", Place("sales", "r")),
        (f"{P}/dags/sales/tasks/load", "prod", Place("sales", "", "load")),
        (
            f"{P}/api/v2/dags/sales/dagRuns/r/taskInstances/load/3/tries/2",
            "prod",
            Place("sales", "r", "load", 3, 2),
        ),
        (
            f"{P}/api/v2/dags/sales/dagRuns/r/taskInstances/load/logs/4",
            "prod",
            Place("sales", "r", "load", None, 4),
        ),
        (f"{P}/deep/dags/sales", "deep", Place("sales")),
        (
            f"{AIR2}/dags/sales/grid?dag_run_id={quote(RUN)}&task_id=load&map_index=2&tab=logs",
            "old",
            Place("sales", RUN, "load", 2),
        ),
        (
            f"{AIR2}/dags/sales/grid?dag_run_id={RUN}",
            "old",
            Place("sales", RUN),
        ),
        (
            f"{AIR2}/log?dag_id=sales&task_id=load&execution_date=2026-11-08T00:00:00+00:00&map_index=-1",
            "old",
            Place(
                "sales",
                task_id="load",
                map_index=-1,
                logical_date=datetime(2026, 11, 8, tzinfo=UTC),
            ),
        ),
        (
            f"{AIR2}/taskinstance/list/?_flt_3_dag_id=sales&_flt_3_run_id=r",
            "old",
            Place("sales", "r"),
        ),
    ],
)
def test_address_names_airflow_dag_run_task_index_and_try(
    address: str, name: str, place: Place
) -> None:
    assert place_of(address, ALL) == (name, place)


@pytest.mark.parametrize(
    "address",
    [
        "https://elsewhere.example.org/dags/sales",
        "http://air.example.org/prod/dags/sales",
        "https://air.example.org/production/dags/sales",
        "https://air.example.org:8443/prod/dags/sales",
        "https://air.example.org:99999999/prod/dags/sales",
        "https://prod@evil.example.org/prod/dags/sales",
        "https://[air.example.org/prod/dags/sales",
    ],
)
def test_address_of_another_place_is_refused(address: str) -> None:
    with pytest.raises(UnknownInstance, match="on none of the Airflows you may see"):
        place_of(address, ALL)


_ID = st.text(min_size=1, max_size=20).filter(lambda text: text not in {".", ".."})


@given(_ID, _ID, _ID, st.integers(min_value=0, max_value=999))
def test_page_made_for_a_place_names_the_same_place(
    dag_id: str, run_id: str, task_id: str, index: int
) -> None:
    place = Place(dag_id, run_id, task_id, index)
    if task_id != "group":
        assert place_of(page(HOME.url, "3.3.2", place), ALL) == ("prod", place)
    assert place_of(page(OLD.url, "2.11.2", place), ALL) == ("old", place)


def _made(*names: str, down: str = "") -> Instances:
    airflows = {name: InMemory(name=name, all_dags=[dag(f"only_{name}")]) for name in names}
    for airflow in airflows.values():
        airflow.all_dags.append(dag("sales"))
        airflow.all_runs = [
            Run(
                dag_id="sales", run_id="r1", state="success", logical_date=day(1), run_after=day(1)
            ),
            Run(dag_id="sales", run_id="r2", state="failed", logical_date=day(2), run_after=day(2)),
            Run(
                dag_id="sales", run_id="r3", state="running", logical_date=day(3), run_after=day(3)
            ),
        ]
    told = AirflowSettings(instances=tuple(setting(name) for name in names))
    return Instances(told, Opener(airflows, frozenset({down})))


def day(number: int) -> datetime:
    return datetime(2026, 11, number, tzinfo=UTC)


async def _fleet(*names: str, down: str = "") -> Fleet:
    return await _made(*names, down=down).open(Caller("alice"), "", anyone)


def anyone(action: str, entity: Entity) -> bool:
    del action, entity
    return True


@pytest.mark.anyio
@pytest.mark.parametrize(
    ("run", "found"), [("", ""), ("latest", "r3"), ("latest_failed", "r2"), ("r9", "r9")]
)
async def test_run_is_taken_as_given_or_looked_up_by_word(run: str, found: str) -> None:
    target = await (await _fleet("prod")).target("sales", run)

    assert (target.dag_id, target.run_id, target.airflow.name) == ("sales", found, "prod")


@pytest.mark.anyio
async def test_address_in_any_argument_gives_what_it_names() -> None:
    fleet = await _fleet("prod", "test")
    address = "https://test.example.org/dags/sales/runs/r1/tasks/load/mapped/4"

    for named, run, task in ((address, "", ""), ("", address, ""), ("sales", "", address)):
        target = await fleet.target(named, run, task)
        assert (target.airflow.name, target.run_id, target.task_id) == ("test", "r1", "load")
        assert target.map_index == 4


@pytest.mark.anyio
async def test_old_address_with_a_date_finds_its_run() -> None:
    fleet = await _fleet("prod")
    address = "https://prod.example.org/log?dag_id=sales&task_id=load&execution_date=2026-11-02"

    assert (await fleet.target(address)).run_id == "r2"
    with pytest.raises(RunNotFound, match="no run of 2026-11-09"):
        await fleet.target(address.replace("11-02", "11-09"))


@pytest.mark.anyio
@pytest.mark.parametrize(
    ("arguments", "wrong"),
    [
        (("", "r1"), "No DAG is named"),
        (("https://prod.example.org/dags/sales", "", "", None, "test"), "different Airflows"),
        (("https://prod.example.org/dags/sales/runs/r1", "r2"), "run_id is given twice: r1 and r2"),
        (("sales",), "on several Airflows: prod, test. Name one"),
    ],
)
async def test_contradiction_is_refused_in_words(arguments: tuple[Any, ...], wrong: str) -> None:
    fleet = await _fleet("prod", "test")

    with pytest.raises(BadInput, match=wrong):
        await fleet.target(*arguments)


@pytest.mark.anyio
async def test_dag_without_an_airflow_is_looked_for_on_all() -> None:
    fleet = await _fleet("prod", "test", "down", down="down")

    assert (await fleet.target("only_test")).airflow.name == "test"
    with pytest.raises(Unreachable, match="Could not be searched now: down"):
        await fleet.target("nowhere")
    with pytest.raises(DagNotFound, match="No DAG nowhere on prod, test"):
        await (await _fleet("prod", "test")).target("nowhere")
