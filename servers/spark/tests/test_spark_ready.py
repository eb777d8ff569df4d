"""When the Spark server says that it can be asked."""

from pathlib import Path

import pytest

from dragoman_spark.client import SparkLogs
from dragoman_spark.settings import RootSetting, SparkSettings

pytestmark = pytest.mark.anyio


def logs(*folders: Path) -> SparkLogs:
    roots = tuple(RootSetting(name=f"r{n}", url=str(path)) for n, path in enumerate(folders))
    return SparkLogs(SparkSettings(roots=roots))


async def test_server_without_roots_is_not_ready() -> None:
    assert "DRAGOMAN_SPARK_ROOTS" in await logs().problem()


async def test_server_whose_every_root_is_gone_is_not_ready(tmp_path: Path) -> None:
    assert await logs(tmp_path / "gone").problem() == "no log root can be listed"


async def test_server_with_one_root_left_is_ready_though_it_is_empty(tmp_path: Path) -> None:
    (tmp_path / "empty").mkdir()

    assert await logs(tmp_path / "gone", tmp_path / "empty").problem() == ""
