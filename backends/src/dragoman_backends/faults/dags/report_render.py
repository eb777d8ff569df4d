"""Renders the weekly report."""

from acme.flow import START, BashOperator, dag


@dag(schedule=None, start_date=START, tags=["finance"])
def report_render() -> None:
    BashOperator(task_id="render", bash_command="echo {{ dag_run.conf.layout.columns }}")


report_render()
