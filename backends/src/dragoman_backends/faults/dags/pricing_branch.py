"""New prices, by the full path on weekdays and the short one else."""

from acme import jobs
from acme.flow import START, EmptyOperator, dag, task


@dag(schedule=None, start_date=START, tags=["sales"])
def pricing_branch() -> None:
    @task.branch
    def choose() -> str:
        return "apply_tax"

    @task
    def apply_tax() -> float:
        return jobs.tax(7.0)

    short = EmptyOperator(task_id="short_path")
    join = EmptyOperator(task_id="join", trigger_rule="none_failed_min_one_success")
    picked = choose()
    picked >> [apply_tax(), short] >> join >> EmptyOperator(task_id="publish")


pricing_branch()
