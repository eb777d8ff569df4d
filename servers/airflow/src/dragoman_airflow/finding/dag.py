"""One DAG, in as many parts as are asked for."""

from collections.abc import Sequence
from typing import Literal

from msgspec import json
from pydantic import BaseModel, Field

from dragoman.answer.budget import Budget, Coverage, fit, tokens
from dragoman.answer.untrusted import Untrusted
from dragoman_airflow.addresses import Place, page
from dragoman_airflow.api import Feature
from dragoman_airflow.errors import AirflowError
from dragoman_airflow.filters import RunFilter
from dragoman_airflow.finding.dags import DagRow
from dragoman_airflow.finding.over import dearer
from dragoman_airflow.finding.runs import RunRow
from dragoman_airflow.fleet import Target
from dragoman_airflow.graph import TaskGraph
from dragoman_airflow.models import Dag
from dragoman_airflow.visible import VisibleAirflow
from dragoman_airflow.words import when, word

Section = Literal["tasks", "runs", "versions", "assets", "params", "source"]
_RUNS = 5


class TaskRow(BaseModel):
    """A task as it is now; what is usual is left out."""

    task: str
    operator: str = ""
    downstream: list[str] = Field(default_factory=list[str])
    trigger_rule: str | None = None
    mapped: bool | None = None
    retries: int | None = None
    pool: str | None = None
    pool_slots: int | None = None
    depends_on_past: bool | None = None


class VersionRow(BaseModel):
    version: int
    created: str = ""
    bundle: str = ""


class AssetRow(BaseModel):
    asset: str
    made_by: list[str] = Field(default_factory=list[str])
    starts: list[str] = Field(default_factory=list[str])


class DagDetails(BaseModel):
    dag: DagRow
    settings: dict[str, str | int | bool] = Field(
        description="Catchup, dates, limits, file, version, page; what Airflow does not say lacks"
    )
    tasks: list[TaskRow] = Field(default_factory=list[TaskRow])
    tasks_coverage: Coverage | None = None
    runs: list[RunRow] = Field(default_factory=list[RunRow])
    versions: list[VersionRow] = Field(default_factory=list[VersionRow])
    assets: list[AssetRow] = Field(default_factory=list[AssetRow])
    params: Untrusted | None = None
    source: Untrusted | None = None
    not_read: list[str] = Field(default_factory=list[str])


async def details(target: Target, sections: Sequence[Section], max_tokens: int) -> DagDetails:
    """The DAG and the parts asked for; a part that Airflow does not give is named."""
    airflow, dag = target.airflow, await target.airflow.dag(target.dag_id)
    told = DagDetails(
        dag=DagRow.of(airflow, dag),
        settings=_settings(airflow, dag),
    )
    for section in dict.fromkeys(sections):
        try:
            await _read(told, section, target, dag)
        except AirflowError as wrong:
            told.not_read.append(f"{section}: {wrong}")
    return _fitted(told, max_tokens)


def _settings(airflow: VisibleAirflow, dag: Dag) -> dict[str, str | int | bool]:
    told: dict[str, str | int | bool | None] = {
        "catchup": dag.catchup,
        "start_date": when(dag.start_date),
        "end_date": when(dag.end_date),
        "max_active_runs": dag.max_active_runs,
        "max_active_tasks": dag.max_active_tasks,
        "file": word(dag.fileloc) if dag.fileloc else "",
        "last_parsed": when(dag.last_parsed),
        "version": dag.version.version_number if dag.version else None,
        "url": page(airflow.address, airflow.version, Place(dag_id=dag.dag_id)),
    }
    return {key: value for key, value in told.items() if value is not None and value != ""}


async def _read(told: DagDetails, section: Section, target: Target, dag: Dag) -> None:
    airflow, dag_id = target.airflow, target.dag_id
    match section:
        case "tasks":
            graph = TaskGraph.of(await airflow.tasks(dag_id))
            told.tasks = [_task(graph, task_id) for task_id in graph.order]
        case "runs":
            found = await airflow.runs(dag_id, RunFilter(), limit=_RUNS)
            told.runs = [RunRow.of(airflow, run) for run in found.items]
        case "versions":
            if not airflow.has(Feature.VERSIONS):
                told.not_read.append("versions: not on this Airflow")
                return
            told.versions = [
                VersionRow(
                    version=one.version_number,
                    created=when(one.created_at),
                    bundle=word(one.bundle_version or one.bundle_name) if one.bundle_name else "",
                )
                for one in (await airflow.versions(dag_id)).items
            ]
        case "assets":
            told.assets = await _assets(target)
        case "params":
            told.params = Untrusted(json.encode(dag.params).decode())
        case "source":
            told.source = Untrusted(await airflow.source(dag_id))


async def _assets(target: Target) -> list[AssetRow]:
    found = await target.airflow.assets([target.dag_id])
    return [
        AssetRow(
            asset=word(one.name or one.uri),
            made_by=[f"{word(dag)}/{word(task)}" for dag, task in one.producers],
            starts=[word(dag) for dag in one.scheduled_dags],
        )
        for one in found.items
    ]


def _task(graph: TaskGraph, task_id: str) -> TaskRow:
    task = graph.tasks[task_id]
    return TaskRow(
        task=word(task_id),
        operator=word(task.operator) if task.operator else "",
        downstream=[word(below) for below in task.downstream],
        trigger_rule=word(task.trigger_rule) if task.trigger_rule != "all_success" else None,
        mapped=task.is_mapped or None,
        retries=task.retries or None,
        pool=word(task.pool) if task.pool != "default_pool" else None,
        pool_slots=task.pool_slots if task.pool_slots != 1 else None,
        depends_on_past=task.depends_on_past or None,
    )


def _fitted(told: DagDetails, max_tokens: int) -> DagDetails:
    """Tasks first, then the source, as far as there is room."""
    room = max(
        0,
        max_tokens
        - tokens(told.model_copy(update={"tasks": [], "source": None}).model_dump_json()),
    )
    if told.tasks:
        chosen = fit(told.tasks, dearer, Budget(room))
        told.tasks, told.tasks_coverage = list(chosen.items), chosen.coverage
        room -= sum(tokens(dearer(one)) for one in chosen.items)
    if told.source and tokens(told.source) > room:
        cut = told.source[: max(0, room - 40) * 3]
        told.not_read.append(f"source: {len(cut):,} of {len(told.source):,} characters shown")
        told.source = Untrusted(cut)
    return told
