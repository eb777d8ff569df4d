"""Features for the recommendation model."""

from acme import hosts
from acme.flow import START, dag, task


@dag(schedule=None, start_date=START, tags=["models"])
def feature_build() -> None:
    @task
    def build() -> int:
        return hosts.build_features(columns=4096)

    build()


feature_build()
