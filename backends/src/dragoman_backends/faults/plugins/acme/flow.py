"""One name for each operator on Airflow 2 and 3."""

from datetime import UTC, datetime
from typing import Any

try:
    from airflow.providers.standard.operators.bash import BashOperator
    from airflow.providers.standard.operators.empty import EmptyOperator
    from airflow.sdk import dag, get_current_context, task
    from airflow.sdk.bases.sensor import PokeReturnValue
except ImportError:
    from airflow.decorators import dag, task
    from airflow.operators.bash import BashOperator
    from airflow.operators.empty import EmptyOperator
    from airflow.operators.python import get_current_context
    from airflow.sensors.base import PokeReturnValue

__all__ = [
    "END",
    "START",
    "BashOperator",
    "EmptyOperator",
    "PokeReturnValue",
    "conf",
    "dag",
    "get_current_context",
    "task",
]

START = datetime(2026, 1, 1, tzinfo=UTC)
END = datetime(2100, 1, 1, tzinfo=UTC)


def conf() -> dict[str, Any]:
    """What the run was started with."""
    return get_current_context()["dag_run"].conf or {}
