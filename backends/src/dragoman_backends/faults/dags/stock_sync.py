"""Stock of the shops into the warehouse."""

from datetime import datetime

from acme.flow import BashOperator, EmptyOperator, dag


@dag(schedule=None, start_date=datetime(2026, 1, 1), catchup=False, tags=["logistics"])
def stock_sync():
    sync = BashOperator(
        task_id="sync", bash_command="bash $AIRFLOW_HOME/plugins/acme/stock_sync.sh north "
    )
    sync >> EmptyOperator(task_id="publish")


stock_sync()
