"""Payouts, released by a person."""

from acme.flow import START, EmptyOperator, dag
from airflow.providers.standard.operators.hitl import ApprovalOperator


@dag(schedule=None, start_date=START, tags=["finance"])
def payout_release() -> None:
    release = ApprovalOperator(
        task_id="release", subject="Release 212 payouts of 8 November?", body="Total: 48,120 EUR"
    )
    release >> EmptyOperator(task_id="pay")


payout_release()
