"""What the partner publishes, one pull for each kind."""

from datetime import datetime

from acme import partner
from acme.flow import EmptyOperator, dag, task

KINDS = {"tokens": "token", "payroll": "payroll", "daily": "2026-11-09", "orders": "orders"}


@dag(schedule=None, start_date=datetime(2026, 1, 1), catchup=False, tags=["partner"])
def partner_pull():
    done = EmptyOperator(task_id="index")

    @task
    def pull(path: str) -> None:
        partner.pull(f"/feed/{path}")

    for kind, path in KINDS.items():
        pull.override(task_id=f"pull_{kind}")(path) >> done


partner_pull()
