"""Features for the recommendation model."""

from datetime import datetime

from acme import hosts
from acme.flow import dag, task


@dag(schedule=None, start_date=datetime(2026, 1, 1), catchup=False, tags=["models"])
def feature_build():
    @task
    def build() -> int:
        return hosts.build_features(columns=4096)

    build()


feature_build()
