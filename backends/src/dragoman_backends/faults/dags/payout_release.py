"""Payouts, released by a person."""

from datetime import datetime

from airflow.providers.standard.operators.hitl import ApprovalOperator

from acme.flow import EmptyOperator, dag


@dag(schedule=None, start_date=datetime(2026, 1, 1), catchup=False, tags=["finance"])
def payout_release():
    release = ApprovalOperator(
        task_id="release", subject="Release 212 payouts of 8 November?", body="Total: 48,120 EUR"
    )
    release >> EmptyOperator(task_id="pay")


payout_release()
