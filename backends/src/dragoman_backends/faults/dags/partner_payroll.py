"""The partner's payroll."""

from acme import partner
from acme.flow import START, dag, task


@dag(schedule=None, start_date=START, tags=["partner"])
def partner_payroll() -> None:
    @task
    def pull() -> None:
        partner.pull("/feed/payroll")

    pull()


partner_payroll()
