"""Merges the shards of the click store."""

from acme import ingest
from acme.flow import START, EmptyOperator, conf, dag, task


@dag(schedule=None, start_date=START, tags=["shop"])
def shard_merge() -> None:
    @task
    def list_shards() -> list[int]:
        return list(range(int(conf().get("shards", 6))))

    @task
    def read(shard: int) -> int:
        return ingest.read_shard(shard)

    read.expand(shard=list_shards()) >> EmptyOperator(task_id="merge")


shard_merge()
