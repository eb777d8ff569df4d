"""The Spark server in memory, with any roots and any policy."""

import shutil
from collections.abc import AsyncGenerator, Callable, Mapping
from contextlib import AbstractAsyncContextManager, asynccontextmanager, closing
from dataclasses import replace
from pathlib import Path
from typing import Any

from dragoman.server import Backends, Server
from dragoman.testing import Connection, Era, caller, connected, text_of
from dragoman_spark.client import SparkLogs, VisibleLogs
from dragoman_spark.server import server
from dragoman_spark.settings import RootSetting, SparkSettings
from dragoman_spark.sources import LogFile
from dragoman_spark.sources.codecs import decode

CORPUS = Path(__file__).parent / "corpus"
ALICE = caller("alice", "data-eng", server="spark")
SECRET = "hunter2-9f8e7d6c5b4a"
TAGGED = """
@id("spark-readers")
permit (
  principal in Group::"data-eng",
  action in [Action::"spark.connect", Action::"spark.list", Action::"spark.read"],
  resource == Server::"spark"
);
@id("gold-only")
permit (principal in Group::"data-eng", action == Action::"spark.read", resource is LogRoot)
when { resource.tags.contains("gold") };
"""

Client = Callable[..., AbstractAsyncContextManager[Connection]]


def run(name: str, into: Path) -> Path:
    """One run of the corpus under a neutral name, without what is known from outside its logs."""
    ignore = shutil.ignore_patterns("truth.json", "exit_code.txt", "README.md")
    return Path(shutil.copytree(CORPUS / name, into, ignore=ignore))


def spark(roots: Mapping[str, Path | str], tags: Mapping[str, str], policy: Path | None) -> Server:
    told = tuple(
        RootSetting(name=name, url=str(url), tags=tuple(tags.get(name, "").split()))
        for name, url in roots.items()
    )

    @asynccontextmanager
    async def backends() -> AsyncGenerator[Backends]:
        logs = SparkLogs(SparkSettings(roots=told))
        yield Backends({VisibleLogs: logs.open}, logs.problem)

    return replace(server, backends=backends, policy=policy)


def asking(tmp_path: Path) -> Client:
    """A client of a server with these roots; `tags` are words by root, `rules` another policy."""

    @asynccontextmanager
    async def connect(
        roots: Mapping[str, Path | str],
        tags: Mapping[str, str] | None = None,
        rules: str = "",
        mode: Era = "auto",
    ) -> AsyncGenerator[Connection]:
        policy = None
        if rules:
            policy = tmp_path / "policy.cedar"
            policy.write_text(rules)
        made = spark(roots, tags or {}, policy)
        async with connected(made, ALICE, state=tmp_path / "state", mode=mode) as there:
            yield there

    return connect


async def structured(there: Connection, tool: str, arguments: dict[str, Any]) -> dict[str, Any]:
    result = await there.call(tool, arguments)
    assert not result.is_error, text_of(result)
    assert result.structured_content is not None
    return result.structured_content


async def error(there: Connection, tool: str, arguments: dict[str, Any]) -> str:
    result = await there.call(tool, arguments)
    assert result.is_error
    return text_of(result)


def attempts_of(into: Path, *attempts: str) -> str:
    """An application with these attempts, made of one real log."""
    text = (CORPUS / "codec_none" / "events" / "local-1795550100786").read_text()
    app = "application_1795550100786_0007"
    into.mkdir(parents=True)
    for attempt in attempts:
        started = f'"App ID":"{app}","App Attempt ID":"{attempt}"'
        (into / f"{app}_{attempt}").write_text(
            text.replace('"App ID":"local-1795550100786"', started)
        )
    return app


def decoded(file: Path) -> str:
    """A log's text, whatever it is compressed with."""
    data, step = bytearray(), bytearray(1 << 20)
    source = decode(LogFile(file.name, file.stat().st_size, 0, lambda: file.open("rb")))
    with closing(source):
        while count := source.readinto(memoryview(step)):
            data += step[:count]
    return data.decode()
