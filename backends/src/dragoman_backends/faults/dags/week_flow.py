"""The week's flow, which starts the flows of others."""

from acme.flow import START, EmptyOperator, dag
from airflow.providers.standard.operators.trigger_dagrun import TriggerDagRunOperator


@dag(schedule=None, start_date=START, tags=["platform"])
def week_flow() -> None:
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
