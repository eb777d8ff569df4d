"""Failures of several runs and DAGs that are alike: the same error, host, pool or minute."""

from collections import Counter
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta

import anyio
from pydantic import BaseModel, Field

from dragoman.answer.budget import Budget, Coverage, fit
from dragoman.answer.untrusted import Untrusted
from dragoman_airflow.api import ANY
from dragoman_airflow.errors import AirflowError, LogNotFound
from dragoman_airflow.filters import InstanceFilter
from dragoman_airflow.finding.over import dearer, gather
from dragoman_airflow.fleet import Reached
from dragoman_airflow.logs.task_log import TaskLog, read_log
from dragoman_airflow.models import Instance, Listing
from dragoman_airflow.visible import VisibleAirflow
from dragoman_airflow.words import listed, since, word

_MOST, _LOGS, _AT_ONCE = 300, 40, 4
_SHARED = 3
_BURST = timedelta(minutes=2)
_UNREAD = "not read"


class Cluster(BaseModel):
    """Failures with one error; `alike` are others of the same tasks whose logs were not read."""

    cause: str
    says: Untrusted | None = None
    failures: int
    alike: int = 0
    tasks: list[str] = Field(description="Instance: DAG / task, and how many")
    hosts: list[str] = Field(default_factory=list[str])
    pools: list[str] = Field(default_factory=list[str])
    first: str = ""
    last: str = ""
    newest: dict[str, str] = Field(
        default_factory=dict[str, str], description="What to give diagnose_run"
    )


class Clusters(BaseModel):
    """Largest first. Only failed task instances; those that failed with them are not counted."""

    clusters: list[Cluster]
    shared: list[str] = Field(
        default_factory=list[str], description="Hosts, pools and moments with many failures"
    )
    coverage: Coverage = Field(description="Of failed instances; kept: in a cluster above")
    logs_read: int = 0
    not_answered: list[str] = Field(default_factory=list[str], description="Airflows, and why")
    next: str = ""


@dataclass(frozen=True, slots=True, eq=False)
class _Failure:
    airflow: VisibleAirflow
    one: Instance

    @property
    def task(self) -> tuple[str, str, str]:
        return self.airflow.name, self.one.dag_id, self.one.task_id


async def clusters(reached: Reached, hours: float, max_tokens: int) -> Clusters:
    now = datetime.now(UTC)
    where = InstanceFilter(
        states=("failed",), end_date_gte=now - timedelta(hours=hours), order_by="-end_date"
    )

    async def ask(airflow: VisibleAirflow) -> Listing[Instance]:
        return await airflow.instances(ANY, ANY, where, limit=_MOST)

    found = await gather(reached, ask)
    failures = [_Failure(airflow, one) for airflow, answer in found.answers for one in answer.items]
    logs = await _logs(_sample(failures))
    made = sorted(_clusters(failures, logs, now), key=lambda one: -(one.failures + one.alike))
    shown = fit(made, dearer, Budget(max(0, max_tokens - 300)))
    listings = [answer for _, answer in found.answers]
    whole = not found.failed and all(answer.complete for answer in listings)
    kept = sum(one.failures + one.alike for one in shown.items)
    coverage = Coverage(
        kept=kept, delivered=len(failures), claimed=len(failures) if whole else None
    )
    return Clusters(
        clusters=list(shown.items),
        shared=_shared(failures, now),
        coverage=coverage,
        logs_read=len(logs),
        not_answered=list(found.failed),
        next="" if coverage.complete else "Ask for fewer hours or one instance.",
    )


def _sample(failures: Sequence[_Failure]) -> list[_Failure]:
    """Failures whose logs are read: of every task its newest, then the next newest."""
    by_task: dict[tuple[str, str, str], list[_Failure]] = {}
    for failure in failures:
        by_task.setdefault(failure.task, []).append(failure)
    rounds = [(place, failure) for group in by_task.values() for place, failure in enumerate(group)]
    return [failure for _, failure in sorted(rounds, key=lambda pair: pair[0])][:_LOGS]


async def _logs(sample: Iterable[_Failure]) -> dict[_Failure, TaskLog]:
    turns = anyio.CapacityLimiter(_AT_ONCE)
    logs: dict[_Failure, TaskLog] = {}

    async def read(failure: _Failure) -> None:
        async with turns:
            try:
                async with failure.airflow.log(failure.one, failure.one.try_number) as stream:
                    logs[failure] = await read_log(stream)
            except (AirflowError, LogNotFound):
                return

    async with anyio.create_task_group() as group:
        for failure in sample:
            group.start_soon(read, failure)
    return logs


def _clusters(
    failures: Sequence[_Failure], logs: dict[_Failure, TaskLog], now: datetime
) -> Iterable[Cluster]:
    """By signature; what has no log read goes with its task where all read ones agree."""
    of_task: dict[tuple[str, str, str], set[str]] = {}
    for failure, log in logs.items():
        of_task.setdefault(failure.task, set()).add(_key(failure, log))
    groups: dict[str, list[_Failure]] = {}
    for failure in failures:
        log = logs.get(failure)
        agreed = of_task.get(failure.task, set())
        lone = next(iter(agreed)) if len(agreed) == 1 else f"{_UNREAD} {failure.task}"
        groups.setdefault(_key(failure, log) if log else lone, []).append(failure)
    for group in groups.values():
        yield _cluster(group, logs, now)


def _key(failure: _Failure, log: TaskLog) -> str:
    return log.signature or f"{log.cause.cause} {failure.task}"


def _cluster(group: Sequence[_Failure], logs: dict[_Failure, TaskLog], now: datetime) -> Cluster:
    read = [failure for failure in group if failure in logs]
    log = logs[read[0]] if read else None
    newest = read[0] if read else group[0]
    tasks = Counter(f"{word(f.one.dag_id)} / {word(f.one.task_id)}" for f in group)
    ends = sorted(f.one.end_date for f in group if f.one.end_date)
    return Cluster(
        cause=log.cause.cause if log else _UNREAD,
        says=_says(log) if log else None,
        failures=len(read) if read else len(group),
        alike=len(group) - len(read) if read else 0,
        tasks=[f"{name}: {count}" for name, count in tasks.most_common(5)]
        + ([f"and {len(tasks) - 5} more tasks"] if len(tasks) > 5 else []),
        hosts=_few(f.one.hostname for f in group),
        pools=_few(f.one.pool for f in group),
        first=since(ends[0], now) if ends else "",
        last=since(ends[-1], now) if ends else "",
        newest={
            "dag": newest.one.dag_id,
            "run": newest.one.run_id,
            "instance": newest.airflow.name,
        },
    )


def _says(log: TaskLog) -> Untrusted | None:
    if log.rendered:
        return Untrusted(log.rendered[0].split("\n")[0][:300])
    says = log.cause.says
    return Untrusted(says.text[:300]) if says else None


def _few(names: Iterable[str]) -> list[str]:
    counts = Counter(word(name) for name in names if name)
    return [f"{name}: {count}" for name, count in counts.most_common(3)]


def _shared(failures: Sequence[_Failure], now: datetime) -> list[str]:
    """Hosts and pools with failures of several DAGs, and moments in which many came."""
    told: list[str] = []
    for what, key in (("host", "hostname"), ("pool", "pool")):
        by_name: dict[str, list[_Failure]] = {}
        for failure in failures:
            by_name.setdefault(getattr(failure.one, key), []).append(failure)
        for name, group in by_name.items():
            dags = {failure.one.dag_id for failure in group}
            if name and len(dags) >= _SHARED and len(by_name) > 1:
                told.append(f"{what} {word(name)}: {len(group)} failures of {len(dags)} DAGs")
    burst = _burst(failures)
    if len({failure.one.dag_id for failure in burst}) >= _SHARED:
        at = since(burst[0].one.end_date, now)
        names = listed(dict.fromkeys(word(failure.one.dag_id) for failure in burst), 4)
        told.append(f"{len(burst)} failures within 2 min from {at}: {names}")
    return told


def _burst(failures: Sequence[_Failure]) -> list[_Failure]:
    """The largest number of failures that ended within two minutes, first to last."""
    timed = sorted(
        (failure.one.end_date, place)
        for place, failure in enumerate(failures)
        if failure.one.end_date is not None
    )
    best: list[int] = []
    start = 0
    for end, (at, _) in enumerate(timed):
        while at - timed[start][0] > _BURST:
            start += 1
        if end - start + 1 > len(best):
            best = [place for _, place in timed[start : end + 1]]
    return [failures[place] for place in best]
