"""Merges the shards of the click store."""

from datetime import datetime

from acme import ingest
from acme.flow import EmptyOperator, dag, task


@dag(schedule=None, start_date=datetime(2026, 1, 1), catchup=False, tags=["shop"])
def shard_merge():
    @task
    def list_shards(dag_run=None) -> list[int]:
        return list(range(int((dag_run.conf or {}).get("shards", 6))))

    @task
    def read(shard: int) -> int:
        return ingest.read_shard(shard)

    read.expand(shard=list_shards()) >> EmptyOperator(task_id="merge")


shard_merge()
