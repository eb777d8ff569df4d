"""Causes that Airflow's own states and events show; those that a log shows are in `logs.causes`."""

from enum import StrEnum


class RunCause(StrEnum):
    """Why a run or a task ended badly, where no log of the task tells."""

    WORKER_LOST = "worker_lost"
    ENDED_UNSEEN = "ended_unseen"
    NEVER_TAKEN = "never_taken"
    MARKED_FAILED = "marked_failed"
    RUN_TIMEOUT = "run_timeout"
    DEADLOCK = "deadlock"
    RULE_UNMET = "trigger_rule_unmet"
    NOT_EXPANDED = "not_expanded"
    TASK_REMOVED = "task_removed"
    FAIL_FAST = "fail_fast"
    DAG_BROKEN = "dag_import_error"
    DAG_STALE = "dag_stale"
    DAG_GONE = "dag_not_found"
    WAITING = "waiting"
    NOT_READ = "log_not_read"
    NOT_IN_LOG = "cause_not_in_log"


MEANING: dict[RunCause, str] = {
    RunCause.WORKER_LOST: "the worker sent no more heartbeats; what ended it is not known",
    RunCause.ENDED_UNSEEN: "the task's process ended without telling Airflow how",
    RunCause.NEVER_TAKEN: "no worker took the task from the queue in time",
    RunCause.MARKED_FAILED: "someone set it to failed; it did not fail by itself",
    RunCause.RUN_TIMEOUT: "the run passed its dagrun_timeout; what was unfinished became skipped",
    RunCause.DEADLOCK: "no task left could ever start, so Airflow failed the run",
    RunCause.RULE_UNMET: "no task failed, but a trigger rule could not be met any more",
    RunCause.NOT_EXPANDED: "a mapped task got nothing it could be expanded over",
    RunCause.TASK_REMOVED: "tasks of this run are not in the DAG any more",
    RunCause.FAIL_FAST: "another task failed first and the DAG stops at the first failure",
    RunCause.DAG_BROKEN: "the DAG's file cannot be imported",
    RunCause.DAG_STALE: "no file defines the DAG any more, so no new run starts",
    RunCause.DAG_GONE: "this Airflow shows no such DAG",
    RunCause.WAITING: "it has not failed; something keeps it waiting",
    RunCause.NOT_READ: "the log that would tell could not be read",
    RunCause.NOT_IN_LOG: "neither the log nor the event log holds a cause",
}
