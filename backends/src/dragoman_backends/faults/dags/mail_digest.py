"""The weekly digest, built on the remote slots."""

from acme import waiting
from acme.flow import START, dag, task


@dag(schedule=None, start_date=START, tags=["marketing"])
def mail_digest() -> None:
    @task(executor="acme.slots.RemoteSlots")
    def build() -> None:
        waiting.note("built")

    build()


mail_digest()
