"""Airflow 3's JSON objects as our own values."""

from dragoman_airflow.client.tolerant import (
    Raw,
    build,
    inner,
    instant,
    rows,
    seconds,
    text,
    texts,
)
from dragoman_airflow.models import (
    Asset,
    AssetEvent,
    Backfill,
    Component,
    Dag,
    DagVersion,
    Event,
    HumanTask,
    ImportFault,
    Instance,
    Job,
    Run,
    Task,
)


def dag(raw: Raw) -> Dag | None:
    return build(
        Dag,
        raw,
        tags=tuple(text(tag, "name") for tag in rows(raw, "tags")),
        owners=texts(raw, "owners"),
        next_run_after=raw.get("next_dagrun_run_after"),
        next_logical_date=raw.get("next_dagrun_logical_date"),
        last_parsed=raw.get("last_parsed") or raw.get("last_parsed_time"),
        params=inner(raw, "params"),
        version=version(inner(raw, "latest_dag_version")),
    )


def version(raw: Raw | None) -> DagVersion | None:
    return build(DagVersion, raw) if raw else None


def task(raw: Raw) -> Task | None:
    return build(
        Task,
        raw,
        operator=raw.get("operator_name"),
        downstream=texts(raw, "downstream_task_ids"),
        retry_delay=seconds(raw.get("retry_delay")),
        execution_timeout=seconds(raw.get("execution_timeout")),
    )


def run(raw: Raw) -> Run | None:
    found = [version(one) for one in rows(raw, "dag_versions")]
    versions = [one for one in found if one is not None]
    return build(
        Run,
        raw,
        run_id=raw.get("dag_run_id"),
        triggering_user=raw.get("triggering_user_name"),
        versions=tuple(sorted(versions, key=lambda one: one.version_number)),
    )


def instance(raw: Raw) -> Instance | None:
    trigger = inner(raw, "trigger")
    job_of = inner(raw, "triggerer_job")
    return build(
        Instance,
        raw,
        run_id=raw.get("dag_run_id"),
        operator=raw.get("operator_name") or raw.get("operator"),
        version=version(inner(raw, "dag_version")),
        trigger=trigger,
        triggerer_job=job(job_of) if job_of else None,
    )


def job(raw: Raw) -> Job | None:
    return build(Job, raw)


def event(raw: Raw) -> Event | None:
    return build(Event, raw)


def health(raw: Raw) -> tuple[Component, ...]:
    return tuple(
        Component(
            name=name,
            status=text(said, "status"),
            latest_heartbeat=instant(said.get(f"latest_{name}_heartbeat")),
        )
        for name in raw
        if (said := inner(raw, name)) is not None
    )


def import_fault(raw: Raw) -> ImportFault | None:
    return build(ImportFault, raw)


def asset(raw: Raw) -> Asset | None:
    return build(
        Asset,
        raw,
        producers=tuple(
            (text(one, "dag_id"), text(one, "task_id")) for one in rows(raw, "producing_tasks")
        ),
        scheduled_dags=tuple(text(one, "dag_id") for one in rows(raw, "scheduled_dags")),
    )


def asset_event(raw: Raw) -> AssetEvent | None:
    return build(
        AssetEvent,
        raw,
        created_runs=tuple(
            (text(one, "dag_id"), text(one, "run_id") or text(one, "dag_run_id"))
            for one in rows(raw, "created_dagruns")
        ),
    )


def human_task(raw: Raw) -> HumanTask | None:
    of = inner(raw, "task_instance")
    waiting = instance(of) if of else None
    if waiting is None:
        return None
    users = rows(raw, "assigned_users")
    return build(
        HumanTask,
        raw,
        instance=waiting,
        options=texts(raw, "options"),
        assigned_users=tuple(text(user, "name") or text(user, "id") for user in users),
    )


def backfill(raw: Raw) -> Backfill | None:
    return build(Backfill, raw)
