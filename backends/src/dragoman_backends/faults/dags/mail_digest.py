"""The weekly digest, built on the remote slots."""

from datetime import datetime

from acme.flow import dag, task


@dag(schedule=None, start_date=datetime(2026, 1, 1), catchup=False, tags=["marketing"])
def mail_digest():
    @task(executor="acme.slots.RemoteSlots")
    def build() -> None:
        print("built")

    build()


mail_digest()
