"""Brings an Airflow with the faulty pipelines to the point where all have failed or wait."""

import shutil
import sys
import time
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from http import HTTPStatus
from pathlib import Path
from typing import Any

import httpx2

from dragoman_backends.airflow import Airflow
from dragoman_backends.faults.plain_log import flatten
from dragoman_backends.faults.truth import FAULTS, Fault, faults
from dragoman_backends.processes import BackendFailed

POLL = 2.0
ENDED = {"success", "failed"}
SETTINGS = {
    "AIRFLOW__CORE__PARALLELISM": "9",
    "AIRFLOW__CORE__EXECUTOR": "LocalExecutor,acme.slots.RemoteSlots",
    "AIRFLOW__SCHEDULER__TASK_INSTANCE_HEARTBEAT_TIMEOUT": "40",
    "AIRFLOW__SCHEDULER__TASK_INSTANCE_HEARTBEAT_TIMEOUT_DETECTION_INTERVAL": "5",
    "AIRFLOW__SCHEDULER__TASK_QUEUED_TIMEOUT": "45",
    "AIRFLOW__SCHEDULER__TASK_QUEUED_TIMEOUT_CHECK_INTERVAL": "5",
    "AIRFLOW__SCHEDULER__NUM_STUCK_IN_QUEUED_RETRIES": "0",
}
"""What an Airflow 3 is told so that lost work is noticed within a minute."""


@dataclass
class _Progress:
    fault: Fault
    at: int = 0
    done_at: float = 0.0

    @property
    def step(self) -> Mapping[str, Any] | None:
        return self.fault.steps[self.at] if self.at < len(self.fault.steps) else None


@dataclass
class _Seen:
    """What one round of polling found; runs by DAG and run id."""

    http: httpx2.Client
    runs: Mapping[tuple[str, str], Mapping[str, Any]]
    broken: Sequence[str]
    _tasks: dict[tuple[str, str], list[dict[str, Any]]] = field(
        default_factory=dict[tuple[str, str], list[dict[str, Any]]]
    )

    def state(self, dag: str, run: str) -> str | None:
        return self.runs.get((dag, run), {}).get("state")

    def tasks(self, dag: str, run: str) -> list[dict[str, Any]]:
        if (dag, run) not in self._tasks:
            path = f"/dags/{dag}/dagRuns/{run}/taskInstances"
            self._tasks[dag, run] = _get(self.http, path)["task_instances"]
        return self._tasks[dag, run]

    def newest(self, dag: str) -> str | None:
        found = [run for (of, _), run in self.runs.items() if of == dag]
        found.sort(key=lambda run: str(run.get("queued_at") or run.get("start_date")))
        return found[-1]["state"] if found else None


def lay_out(folder: Path, major: int = 3) -> tuple[Path, Path]:
    """The DAG folder and the plugins folder of the faults, ready to be given to an Airflow."""
    dags = folder / "fault-dags"
    dags.mkdir(parents=True)
    needed = {fault.dag for fault in faults(major)}
    needed |= {step["dag"] for fault in faults(major) for step in fault.steps if "dag" in step}
    for path in (FAULTS / "dags").iterdir():
        if path.suffix in {".py", ".broken"} and path.name.split(".")[0] in needed:
            shutil.copy(path, dags / path.name.removesuffix(".broken"))
    return dags, FAULTS / "plugins"


def run_faults(airflow: Airflow, seconds: float = 300) -> Sequence[Fault]:
    """Starts every fault and returns when all are settled; says how far it is on standard error.

    Raises BackendFailed naming what is not settled in time.
    """
    until = time.monotonic() + seconds
    todo = [_Progress(fault) for fault in faults(airflow.major)]
    with airflow.client() as http:
        _wait_for_dags(http, todo, until)
        _make_pool(http, airflow.major)
        for one in todo:
            _begin(airflow, http, one)
        while open_ones := [one for one in todo if one.step]:
            if time.monotonic() > until:
                raise BackendFailed(f"not settled after {seconds:.0f} s: {_names(open_ones)}")
            if airflow.processes:
                airflow.processes.check()
            seen = _look(http, open_ones)
            for one in open_ones:
                _advance(airflow, http, one, seen)
            _say(f"{sum(not one.step for one in todo)} of {len(todo)} faults are settled")
            time.sleep(POLL)
    return [one.fault for one in todo]


def _advance(airflow: Airflow, http: httpx2.Client, one: _Progress, seen: _Seen) -> None:
    if one.step and _holds(one, seen):
        one.at += 1
        _begin(airflow, http, one)


def _begin(airflow: Airflow, http: httpx2.Client, one: _Progress) -> None:
    if not (step := one.step):
        return
    dag = step.get("dag", one.fault.dag)
    if "trigger" in step:
        _trigger(http, airflow.major, dag, step)
    elif "pause" in step:
        http.patch(f"/dags/{dag}", json={"is_paused": step["pause"]}).raise_for_status()
    elif "put" in step:
        (airflow.dags / step["as"]).write_bytes((FAULTS / "dags" / step["put"]).read_bytes())
    elif "remove" in step:
        (airflow.dags / step["remove"]).unlink(missing_ok=True)
    elif "plain_log" in step:
        flatten(airflow.folder / "logs", dag, step["of"], step["plain_log"])
    elif "mark" in step:
        path = f"/dags/{dag}/dagRuns/{step['of']}/taskInstances/{step['mark']}"
        http.patch(path, json={"new_state": "failed"}).raise_for_status()


def _trigger(http: httpx2.Client, major: int, dag: str, step: Mapping[str, Any]) -> None:
    body: dict[str, Any] = {"dag_run_id": step["trigger"], "conf": step.get("conf", {})}
    if major > 2:
        body["logical_date"] = step.get("logical_date")
    else:
        # Airflow 2 refuses two runs of the same instant.
        now = datetime.now(UTC) - timedelta(seconds=hash(step["trigger"]) % 3600)
        body["logical_date"] = step.get("logical_date", now.isoformat())
    said = http.post(f"/dags/{dag}/dagRuns", json=body)
    if not said.is_success and said.status_code != HTTPStatus.CONFLICT:
        raise BackendFailed(f"{dag}: the trigger was answered {said.status_code}: {said.text}")


def _holds(one: _Progress, seen: _Seen) -> bool:
    step = one.step or {}
    until: Mapping[str, Any] = step.get("until", {})
    dag, run = step.get("dag", one.fault.dag), step.get("trigger", step.get("of", ""))
    return all(CONDITIONS[kind](seen, until, dag, run) for kind in until if kind in CONDITIONS)


def _run_ended(seen: _Seen, until: Mapping[str, Any], dag: str, run: str) -> bool:
    return _reached(until["run"], seen.state(dag, run), f"{dag} {run}")


def _newest_ended(seen: _Seen, until: Mapping[str, Any], dag: str, _run: str) -> bool:
    return seen.newest(dag) == until["newest_run"]


def _import_broke(seen: _Seen, until: Mapping[str, Any], _dag: str, _run: str) -> bool:
    return any(name.endswith(until["import_error"]) for name in seen.broken)


def _stale(seen: _Seen, _until: Mapping[str, Any], dag: str, _run: str) -> bool:
    return bool(_get(seen.http, f"/dags/{dag}")["is_stale"])


def _new_version(seen: _Seen, until: Mapping[str, Any], dag: str, _run: str) -> bool:
    return _get(seen.http, f"/dags/{dag}/dagVersions")["total_entries"] >= until["version"]


def _task_is(seen: _Seen, until: Mapping[str, Any], dag: str, run: str) -> bool:
    state = seen.state(dag, run)
    if state in ENDED:
        raise BackendFailed(f"{dag} {run} became {state} before {until['task']} was {until['is']}")
    return state == "running" and any(
        task["task_id"] == until["task"] and task["state"] == until["is"]
        for task in seen.tasks(dag, run)
    )


CONDITIONS: Mapping[str, Callable[[_Seen, Mapping[str, Any], str, str], bool]] = {
    "run": _run_ended,
    "newest_run": _newest_ended,
    "import_error": _import_broke,
    "stale": _stale,
    "version": _new_version,
    "task": _task_is,
}


def _reached(wanted: str, state: str | None, what: str) -> bool:
    if state in ENDED and state != wanted:
        raise BackendFailed(f"{what} became {state}, not {wanted}")
    return state == wanted


def _look(http: httpx2.Client, open_ones: Sequence[_Progress]) -> _Seen:
    waiting = any("import_error" in (one.step or {}).get("until", {}) for one in open_ones)
    errors: list[dict[str, Any]] = _get(http, "/importErrors")["import_errors"] if waiting else []
    runs = {(run["dag_id"], run["dag_run_id"]): run for run in _pages(http)}
    return _Seen(http, runs, [error["filename"] for error in errors])


def _pages(http: httpx2.Client) -> list[dict[str, Any]]:
    runs: list[dict[str, Any]] = []
    while True:
        page = _get(http, "/dags/~/dagRuns", limit=100, offset=len(runs))
        runs += page["dag_runs"]
        if len(runs) >= page["total_entries"] or not page["dag_runs"]:
            return runs


def _wait_for_dags(http: httpx2.Client, todo: Sequence[_Progress], until: float) -> None:
    needed = {
        step.get("dag", one.fault.dag)
        for one in todo
        for step in one.fault.steps
        if "trigger" in step
    }
    while missing := needed - {dag["dag_id"] for dag in _get(http, "/dags", limit=100)["dags"]}:
        if time.monotonic() > until:
            raise BackendFailed(f"never parsed: {', '.join(sorted(missing))}")
        _say(f"{len(missing)} DAGs are not parsed yet")
        time.sleep(POLL)


def _make_pool(http: httpx2.Client, major: int) -> None:
    body: dict[str, Any] = {"name": "warehouse", "slots": 1, "description": "one at a time"}
    if major > 2:
        body["include_deferred"] = False
    said = http.post("/pools", json=body)
    if not said.is_success and said.status_code != HTTPStatus.CONFLICT:
        raise BackendFailed(f"the pool was answered {said.status_code}: {said.text}")


def _get(http: httpx2.Client, path: str, **query: int) -> dict[str, Any]:
    """An answer, asked for again when a busy Airflow gives none or an error of its own."""
    for _ in range(3):
        try:
            said = http.get(path, params=query)
        except httpx2.TimeoutException:
            continue
        if said.status_code < 500:
            return said.raise_for_status().json()
        time.sleep(POLL)
    raise BackendFailed(f"no answer to GET {path}, three times")


def _names(open_ones: Sequence[_Progress]) -> str:
    return ", ".join(f"{one.fault.dag} (step {one.at + 1})" for one in open_ones)


def _say(words: str) -> None:
    sys.stderr.write(f"{words}\n")
