"""Why nothing happens, from a closed list; what stands first stops what stands below it."""

from enum import StrEnum


class WaitCause(StrEnum):
    DATABASE_UNHEALTHY = "database_unhealthy"
    SCHEDULER_DOWN = "scheduler_down"
    IMPORT_ERROR = "import_error"
    DAG_STALE = "dag_stale"
    DAG_PAUSED = "dag_paused"
    PROCESSOR_DOWN = "dag_processor_down"
    NOT_DUE = "not_due"
    BACKFILL_PAUSED = "backfill_paused"
    RUN_LIMIT = "run_limit"
    POOL_MISSING = "pool_missing"
    POOL_TOO_SMALL = "pool_too_small"
    POOL_FULL = "pool_full"
    TASK_LIMIT = "task_limit"
    DEPENDS_ON_PAST = "depends_on_past"
    HUMAN_APPROVAL = "human_approval"
    TRIGGERER_DOWN = "triggerer_down"
    NOT_PICKED_UP = "not_picked_up"
    DEFERRED = "deferred"
    SENSOR_WAITING = "sensor_waiting"
    RETRY_WAIT = "retry_wait"
    OTHER_RULE = "other_rule"
    ASSET_MISSING = "asset_missing"
    NEXT_RUN = "next_run"
    NO_SCHEDULE = "no_schedule"
    RUNNING = "running"
    ABOUT_TO_START = "about_to_start"
    FINISHED = "finished"
    UNKNOWN = "unknown"


RANK = {cause: place for place, cause in enumerate(WaitCause)}

PROGRESSING = frozenset({WaitCause.RUNNING, WaitCause.ABOUT_TO_START, WaitCause.FINISHED})
"""Nothing is wrong: it runs, is about to, or has ended."""

ADVICE = {
    WaitCause.DATABASE_UNHEALTHY: "Tell those who run this Airflow: nothing can be scheduled.",
    WaitCause.SCHEDULER_DOWN: "Tell those who run this Airflow: a scheduler has to be started.",
    WaitCause.IMPORT_ERROR: "Mend the file; the DAG is read again by itself.",
    WaitCause.DAG_STALE: "Put the DAG's file back, or find the DAG under its new name.",
    WaitCause.DAG_PAUSED: "Unpause it with plan_change, which says what runs that would make.",
    WaitCause.PROCESSOR_DOWN: "Tell those who run this Airflow: DAG files are not being read.",
    WaitCause.BACKFILL_PAUSED: "Go on with the backfill in Airflow.",
    WaitCause.RUN_LIMIT: "Get the blocking run on, or wait for it.",
    WaitCause.POOL_MISSING: "Have the pool made in Airflow, or correct its name in the task.",
    WaitCause.POOL_TOO_SMALL: "Have the pool enlarged, or let the task ask for fewer slots.",
    WaitCause.POOL_FULL: "Wait for a holder to end, or have the pool enlarged.",
    WaitCause.TASK_LIMIT: "Wait for those that run to end, or raise the limit in the DAG.",
    WaitCause.DEPENDS_ON_PAST: "Get the earlier instance to succeed: diagnose its run.",
    WaitCause.HUMAN_APPROVAL: "A person has to answer in Airflow; see pending_approvals.",
    WaitCause.TRIGGERER_DOWN: "Tell those who run this Airflow: a triggerer has to be started.",
    WaitCause.NOT_PICKED_UP: "Ask those who run this Airflow whether workers have room.",
    WaitCause.ASSET_MISSING: "Look at the DAGs that make the missing assets.",
}
