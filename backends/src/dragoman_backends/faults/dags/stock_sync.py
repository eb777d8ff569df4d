"""Stock of the shops into the warehouse."""

from acme.flow import START, BashOperator, EmptyOperator, dag


@dag(schedule=None, start_date=START, tags=["logistics"])
def stock_sync() -> None:
    sync = BashOperator(
        task_id="sync", bash_command="bash $AIRFLOW_HOME/plugins/acme/stock_sync.sh north "
    )
    sync >> EmptyOperator(task_id="publish")


stock_sync()
