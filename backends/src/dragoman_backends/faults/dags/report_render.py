"""Renders the weekly report."""

from datetime import datetime

from acme.flow import BashOperator, dag


@dag(schedule=None, start_date=datetime(2026, 1, 1), catchup=False, tags=["finance"])
def report_render():
    BashOperator(task_id="render", bash_command="echo {{ dag_run.conf.layout.columns }}")


report_render()
