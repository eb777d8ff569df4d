"""Airflow 2's JSON objects as our own values, where they differ from Airflow 3's."""

from dragoman_airflow.client import rows3
from dragoman_airflow.client.tolerant import Raw, build, inner, rows, seconds, text, texts
from dragoman_airflow.models import Asset, AssetEvent, Dag, Instance, Run


def dag(raw: Raw) -> Dag | None:
    schedule = inner(raw, "schedule_interval") or {}
    timeout = seconds(raw.get("dag_run_timeout"))
    return build(
        Dag,
        raw,
        is_stale=raw.get("is_active") is False,
        tags=tuple(text(tag, "name") for tag in rows(raw, "tags")),
        owners=texts(raw, "owners"),
        timetable_summary=text(schedule, "value"),
        next_run_after=raw.get("next_dagrun_create_after"),
        next_logical_date=raw.get("next_dagrun"),
        last_parsed=raw.get("last_parsed") or raw.get("last_parsed_time"),
        dag_run_timeout=None if timeout is None else f"PT{timeout:.0f}S",
        params=inner(raw, "params"),
        asset_expression=raw.get("dataset_expression"),
    )


def run(raw: Raw) -> Run | None:
    """A run; it may start when its data interval is over."""
    return build(
        Run,
        raw,
        run_id=raw.get("dag_run_id"),
        logical_date=raw.get("logical_date") or raw.get("execution_date"),
        run_after=raw.get("data_interval_end") or raw.get("execution_date"),
    )


def instance(raw: Raw) -> Instance | None:
    job = inner(raw, "triggerer_job")
    return build(
        Instance,
        raw,
        run_id=raw.get("dag_run_id"),
        logical_date=raw.get("execution_date"),
        rendered_fields=inner(raw, "rendered_fields"),
        trigger=inner(raw, "trigger"),
        triggerer_job=rows3.job(job) if job else None,
        version=None,
    )


def asset(raw: Raw) -> Asset | None:
    return build(
        Asset,
        raw,
        name=raw.get("uri"),
        producers=tuple(
            (text(one, "dag_id"), text(one, "task_id")) for one in rows(raw, "producing_tasks")
        ),
        scheduled_dags=tuple(text(one, "dag_id") for one in rows(raw, "consuming_dags")),
    )


def asset_event(raw: Raw) -> AssetEvent | None:
    return build(
        AssetEvent,
        raw,
        asset_id=raw.get("dataset_id"),
        name=raw.get("dataset_uri"),
        uri=raw.get("dataset_uri"),
        created_runs=tuple(
            (text(one, "dag_id"), text(one, "dag_run_id")) for one in rows(raw, "created_dagruns")
        ),
    )
