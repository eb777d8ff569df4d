"""Scores customers with the model's own program."""

from datetime import datetime

from acme.flow import BashOperator, dag


@dag(schedule=None, start_date=datetime(2026, 1, 1), catchup=False, tags=["models"])
def model_score():
    BashOperator(task_id="score", bash_command="bash $AIRFLOW_HOME/plugins/acme/score.sh ")


model_score()
