"""One name for each operator on Airflow 2 and 3."""

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

__all__ = ["BashOperator", "EmptyOperator", "PokeReturnValue", "dag", "get_current_context", "task"]
