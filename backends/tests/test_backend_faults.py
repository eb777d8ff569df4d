"""The set of faults holds together, and a real Airflow shows each as its truth says."""

from collections.abc import Iterator
from typing import Any

import httpx2
import pytest

from dragoman_backends.airflow import Airflow, airflow2, airflow3
from dragoman_backends.faults.runner import SETTINGS, lay_out, run_faults
from dragoman_backends.faults.truth import FAULTS, Fault, faults

SOURCES = {path.name.split(".")[0]: path for path in (FAULTS / "dags").iterdir()}

NAMED_BY_THE_DAG = {
    "child_run_failed",
    "missing_connection",
    "missing_variable",
    "sensor_timeout",
    "task_timeout",
    "template_error",
}
"""Causes whose fact is a name or a limit that a DAG must hold; that it fails is not in it."""


@pytest.fixture(scope="module")
def failing3(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Airflow]:
    folder = tmp_path_factory.mktemp("airflow3")
    dags, plugins = lay_out(folder)
    with airflow3(folder, "postgresql", dags, plugins, SETTINGS) as airflow:
        run_faults(airflow)
        yield airflow


@pytest.fixture(scope="module")
def failing2(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Airflow]:
    folder = tmp_path_factory.mktemp("airflow2")
    dags, plugins = lay_out(folder, 2)
    with airflow2(folder, "postgresql", dags, plugins) as airflow:
        run_faults(airflow)
        yield airflow


def _instances(http: httpx2.Client, dag: str, run: str) -> list[dict[str, Any]]:
    path, found = f"/dags/{dag}/dagRuns/{run}/taskInstances", list[dict[str, Any]]()
    while True:
        page = http.get(path, params={"limit": 100, "offset": len(found)}).raise_for_status().json()
        found += page["task_instances"]
        if len(found) >= page["total_entries"]:
            return found


def _failed(http: httpx2.Client, fault: Fault) -> set[tuple[str, int, int]]:
    return {
        (one["task_id"], one["map_index"], one["try_number"])
        for one in _instances(http, fault.dag, fault.asked or "")
        if one["state"] == "failed" and one["task_id"] not in fault.stopped
    }


def _roots(fault: Fault) -> set[tuple[str, int, int]]:
    return {(root.task, at, root.try_number) for root in fault.roots for at in root.map_index}


def test_there_are_at_least_25_faults_each_with_its_dag_file() -> None:
    named = {fault.dag for fault in faults()}

    assert len(named) == len(faults()) >= 25
    assert named <= SOURCES.keys()


@pytest.mark.parametrize(
    "fault",
    [fault for fault in faults() if fault.roots and fault.cause not in NAMED_BY_THE_DAG],
    ids=lambda fault: fault.dag,
)
def test_a_dags_source_does_not_give_its_fault_away(fault: Fault) -> None:
    source = SOURCES[fault.dag].read_text()
    must = [*fault.stated, *(words for choice in fault.stated_any for words in choice)]

    assert any(words not in source for words in must)


@pytest.mark.real
@pytest.mark.timeout(900)
def test_airflow_3_shows_every_fault_as_its_truth_says(failing3: Airflow) -> None:
    asked = [fault for fault in faults() if fault.asked and not fault.waiting]
    with failing3.client() as http:
        shown = {fault.dag: _failed(http, fault) for fault in asked}

    assert shown == {fault.dag: _roots(fault) for fault in asked}


@pytest.mark.real
@pytest.mark.timeout(900)
def test_airflow_2_shows_its_subset_as_its_truth_says(failing2: Airflow) -> None:
    asked = [fault for fault in faults(2) if fault.asked and not fault.waiting]
    with failing2.client() as http:
        shown = {fault.dag: _failed(http, fault) for fault in asked}

    assert shown == {fault.dag: _roots(fault) for fault in asked}


@pytest.mark.real
@pytest.mark.timeout(900)
def test_a_viewer_may_read_and_not_start(failing3: Airflow) -> None:
    with failing3.client("viewer") as http:
        read = http.get("/dags/orders_daily")
        started = http.post("/dags/orders_daily/dagRuns", json={"logical_date": None})

    assert (read.status_code, started.status_code) == (200, 403)
