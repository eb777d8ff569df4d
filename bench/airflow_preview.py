"""Whether a preview says exactly what happens: random DAGs, states and changes on a real Airflow.

Long. Starts an Airflow 3 on PostgreSQL; `DRAGOMAN_BENCH_AIRFLOW` names the folder of a running one
instead. DAGs are paused before anything is compared, so that the scheduler adds nothing but, once
a minute, to a paused DAG's open run: that leaves a mark on the run, and such a change is not
counted. Each instance is read before and after: a cleared one has a new id, a marked one another
state.
"""

import asyncio
import json
import os
import random
import sys
import tempfile
import time
from collections import Counter
from collections.abc import Callable, Generator, Iterable
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import httpx2
from airflow_preview_dags import Spec, source, specs
from pydantic import SecretStr
from report import report

from dragoman.auth.caller import Caller
from dragoman.elicitation.approvals import Approval
from dragoman.errors import DragomanError
from dragoman_airflow.api import Airflow as Opened
from dragoman_airflow.change.acting import act
from dragoman_airflow.change.asked import Asked, Include
from dragoman_airflow.change.deed import Deed
from dragoman_airflow.change.forecast import CLEARED
from dragoman_airflow.change.notes import Note
from dragoman_airflow.change.observing import Patience
from dragoman_airflow.change.preview import preview
from dragoman_airflow.change.wanted import Kind, Wanted, named
from dragoman_airflow.client.connector import Connector
from dragoman_airflow.errors import Conflict
from dragoman_airflow.orders import Clear
from dragoman_airflow.settings import Account, AirflowSettings, InstanceSetting
from dragoman_backends.airflow import Airflow, airflow3

DAGS = int(os.environ.get("DRAGOMAN_BENCH_DAGS", "220"))
SLOW = 24
CHANGES = 3
SEED = int(os.environ.get("DRAGOMAN_BENCH_SEED", "20261125"))
STATES = ("success", "failed", "skipped")

Key = tuple[str, int]
Row = dict[str, Any]
Fates = dict[str, str]


@contextmanager
def running() -> Generator[Airflow]:
    folder = os.environ.get("DRAGOMAN_BENCH_AIRFLOW")
    if folder:
        known = json.loads((Path(folder) / "address.json").read_text())
        yield Airflow(known["version"], known["base_url"], Path(folder), known["users"])
        return
    with tempfile.TemporaryDirectory() as made, airflow3(Path(made), "postgresql") as airflow:
        yield airflow


@dataclass
class Stage:
    """The DAGs with one run each, brought into a random state and paused."""

    http: httpx2.Client
    specs: list[Spec]
    rng: random.Random
    run_id: str = "bench"

    def arrange(self, dags: Path) -> None:
        file = dags / f"{self.specs[0].dag_id}.py"
        file.write_text(source(self.specs))
        self._wait("parsed", self._parsed, 300)
        for spec in self.specs:
            body = {"dag_run_id": self.run_id, "logical_date": None}
            self._ok(self.http.post(f"/dags/{spec.dag_id}/dagRuns", json=body))
            self._mark_some(spec)
        self._pause(paused=False)
        self._wait("settled", self._settled, 400)
        self._pause(paused=True)

    def rows(self, dag_id: str) -> dict[Key, Row]:
        path = f"/dags/{dag_id}/dagRuns/{self.run_id}/taskInstances"
        said = self._ok(self.http.get(path, params={"limit": 100}))["task_instances"]
        return {(one["task_id"], one["map_index"]): one for one in said}

    def run(self, dag_id: str) -> Row:
        return self._ok(self.http.get(f"/dags/{dag_id}/dagRuns/{self.run_id}"))

    def _mark_some(self, spec: Spec) -> None:
        """Upstream first, since a mark clears failures below it."""
        for one in spec.plain:
            if one.kind != "quick" or self.rng.random() > 0.35:
                continue
            path = f"/dags/{spec.dag_id}/dagRuns/{self.run_id}/taskInstances/{one.name}"
            state = self.rng.choice(("failed", "failed", "skipped", "success"))
            self._ok(self.http.patch(path, json={"new_state": state}))

    def _pause(self, *, paused: bool) -> None:
        for spec in self.specs:
            self._ok(self.http.patch(f"/dags/{spec.dag_id}", json={"is_paused": paused}))

    def _parsed(self) -> str:
        """The number of DAGs that are there, and `done` with the last."""
        prefix = self.specs[0].dag_id.rpartition("_")[0]
        params: dict[str, Any] = {"dag_id_pattern": prefix, "limit": 1}
        found = self._ok(self.http.get("/dags", params=params))["total_entries"]
        return "done" if found >= len(self.specs) else str(found)

    def _settled(self) -> str:
        """Counts of states that are equal twice in a row: nothing moves any more."""
        counts: Counter[str] = Counter()
        for spec in self.specs:
            rows = self.rows(spec.dag_id)
            counts.update(str(row["state"]) for row in rows.values())
        return json.dumps(dict(sorted(counts.items())))

    def _wait(self, what: str, look: Callable[[], str], seconds: float) -> None:
        ends, before = time.monotonic() + seconds, ""
        while (now := look()) != "done" and (what == "parsed" or now != before):
            assert time.monotonic() < ends, f"not {what}: {now}"
            before = now
            time.sleep(6)
        print(f"{what}: {now}", file=sys.stderr)

    def _ok(self, said: httpx2.Response) -> dict[str, Any]:
        assert said.is_success, f"{said.request.url}: {said.status_code} {said.text[:300]}"
        return said.json()


@dataclass
class Comparison:
    """Predictions beside what Airflow did."""

    stage: Stage
    airflow: Opened
    equal: int = 0
    total: int = 0
    kinds: Counter[str] = field(default_factory=Counter[str])

    async def change(self, spec: Spec) -> None:
        rows = self.stage.rows(spec.dag_id)
        asked = self._asked(spec, rows)
        wanted = asked.wanted("bench", spec.dag_id, self.stage.run_id)
        try:
            forecast = await preview(self.airflow, wanted)
        except Conflict:
            self._count("conflict", wanted, await self._refused(wanted), {})
            return
        except DragomanError as nothing:
            self.kinds[f"nothing to do: {wanted.kind}"] += 1
            if not any(word in str(nothing) for word in ("nothing", "already")):
                raise
            return
        was, before = self.stage.run(spec.dag_id), self.stage.rows(spec.dag_id)
        predicted = {one.name: one.becomes for one in forecast.effects}
        predicted["run"] = forecast.run_becomes or was["state"]
        note = Note(Approval("bench", "bench", "bench"), "bench", "bench")
        await act(Deed(self.airflow, wanted, forecast, note, Patience(0), _silent))
        after = self.stage.rows(spec.dag_id)
        now = self.stage.run(spec.dag_id)
        if now["last_scheduling_decision"] not in {None, was["last_scheduling_decision"]}:
            self.kinds["disturbed by the scheduler"] += 1
            return
        observed = {**_observed(before, after), "run": now["state"]}
        self._count(str(wanted.kind), wanted, predicted, observed)

    def _count(self, kind: str, wanted: Wanted, predicted: Fates, observed: Fates) -> None:
        self.total += 1
        self.kinds[kind] += 1
        if predicted == observed:
            self.equal += 1
            return
        print(f"{wanted}\n  predicted {predicted}\n  observed  {observed}", file=sys.stderr)

    async def _refused(self, wanted: Wanted) -> Fates:
        """What an exact clear that Airflow has to refuse does all the same: nothing."""
        before = self.stage.rows(wanted.dag_id)
        pairs = wanted.tasks or tuple((task, None) for task, _ in before)
        what = Clear(
            run_id=wanted.run_id,
            pairs=pairs,
            upstream=wanted.upstream,
            downstream=wanted.downstream,
            only_failed=wanted.only_failed,
        )
        try:
            await self.airflow.clear(wanted.dag_id, what, dry_run=False)
        except Conflict:
            return _observed(before, self.stage.rows(wanted.dag_id))
        return {"refused": "no"}

    def _asked(self, spec: Spec, rows: dict[Key, Row]) -> Asked:
        rng = self.stage.rng
        kind = rng.choices((Kind.CLEAR, Kind.MARK, Kind.CANCEL), (10, 10, 2))[0]
        open_run = self.stage.run(spec.dag_id)["state"] in {"queued", "running"}
        if kind is Kind.CANCEL and open_run:
            return Asked(kind)
        include = [one for one in ("upstream", "downstream") if rng.random() < 0.35]
        names = _some_names(rng, rows, 1 if kind is Kind.MARK else rng.randint(1, 3))
        if kind is Kind.MARK:
            return Asked(kind, tasks=names, state=rng.choice(STATES), include=_includes(include))
        if rng.random() < 0.3:
            include.append("failed_only")
        whole = rng.random() < 0.1
        return Asked(Kind.CLEAR, tasks=() if whole else names, include=_includes(include))


def _includes(words: Iterable[str]) -> tuple[Include, ...]:
    known: tuple[Include, ...] = ("upstream", "downstream", "failed_only")
    return tuple(one for one in known if one in set(words))


def _some_names(rng: random.Random, rows: dict[Key, Row], count: int) -> tuple[str, ...]:
    """Whole tasks, or single instances of mapped ones."""
    keys = rng.sample(sorted(rows), min(count, len(rows)))
    return tuple(
        dict.fromkeys(task if rng.random() < 0.5 else named(task, index) for task, index in keys)
    )


def _observed(before: dict[Key, Row], after: dict[Key, Row]) -> Fates:
    fates: Fates = {}
    for key in before.keys() | after.keys():
        was, now = before.get(key), after.get(key)
        if was is None or now is None:
            fates[named(*key)] = "made" if was is None else "gone"
        elif was["id"] != now["id"]:
            fates[named(*key)] = CLEARED
        elif was["state"] != now["state"]:
            fates[named(*key)] = str(now["state"])
    return fates


async def _silent(done: float, total: float | None = None, message: str | None = None, /) -> None:
    del done, total, message


async def compare(airflow: Airflow, stage: Stage) -> Comparison:
    account = Account(username="admin", password=SecretStr(airflow.users["admin"]))
    setting = InstanceSetting(name="bench", url=airflow.base_url, account=account)
    connector = Connector(AirflowSettings(instances=(setting,)))
    connector.start()
    try:
        opened = await connector.open(setting, Caller("bench"))
        comparison = Comparison(stage, opened)
        for spec in stage.specs:
            for _ in range(CHANGES):
                await comparison.change(spec)
    finally:
        await connector.aclose()
    return comparison


def main() -> None:
    prefix = f"preview{int(time.time())}"
    with running() as airflow, airflow.client("admin") as http:
        rng = random.Random(SEED)  # noqa: S311  # drawn again from the same seed
        stage = Stage(http, specs(SEED, DAGS, prefix, SLOW), rng)
        started = time.monotonic()
        stage.arrange(airflow.dags)
        done = asyncio.run(compare(airflow, stage))
        report(
            "airflow_preview",
            "apache-airflow-client",
            equal=done.equal,
            total=done.total,
            dags=len(stage.specs),
            seconds=round(time.monotonic() - started),
            **{f"of {kind}": count for kind, count in sorted(done.kinds.items())},
        )


if __name__ == "__main__":
    main()
