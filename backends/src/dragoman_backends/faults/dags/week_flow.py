"""The week's flow, which starts the flows of others."""

from datetime import datetime

from airflow.providers.standard.operators.trigger_dagrun import TriggerDagRunOperator

from acme.flow import EmptyOperator, dag


@dag(schedule=None, start_date=datetime(2026, 1, 1), catchup=False, tags=["platform"])
def week_flow():
    campaign = TriggerDagRunOperator(
        task_id="campaign",
        trigger_dag_id="campaign_send",
        trigger_run_id="by-week-flow",
        conf={"list": "weekly"},
        wait_for_completion=True,
        poke_interval=2,
    )
    campaign >> EmptyOperator(task_id="summary")


week_flow()
