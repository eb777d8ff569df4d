"""What the partner publishes, one pull for each kind."""

from acme import partner
from acme.flow import START, EmptyOperator, dag, task

KINDS = {"tokens": "token", "payroll": "payroll", "daily": "2026-11-09", "orders": "orders"}


@dag(schedule=None, start_date=START, tags=["partner"])
def partner_pull() -> None:
    done = EmptyOperator(task_id="index")

    @task
    def pull(path: str) -> None:
        partner.pull(f"/feed/{path}")

    for kind, path in KINDS.items():
        pull.override(task_id=f"pull_{kind}")(path) >> done


partner_pull()
