"""Scores customers with the model's own program."""

from acme.flow import START, BashOperator, dag


@dag(schedule=None, start_date=START, tags=["models"])
def model_score() -> None:
    BashOperator(task_id="score", bash_command="bash $AIRFLOW_HOME/plugins/acme/score.sh ")


model_score()
