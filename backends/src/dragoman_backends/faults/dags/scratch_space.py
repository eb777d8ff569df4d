"""Work that needs scratch space, made before and dropped after."""

from acme import hosts, waiting
from acme.flow import START, EmptyOperator, dag
from airflow.sdk import setup, teardown


@dag(schedule=None, start_date=START, tags=["platform"])
def scratch_space() -> None:
    @setup
    def make_space() -> None:
        hosts.archive_ledger(2025)

    @teardown
    def drop_space() -> None:
        waiting.note("dropped")

    made = make_space()
    made >> EmptyOperator(task_id="work") >> drop_space().as_teardown(setups=made)


scratch_space()
