"""`dragoman serve NAME --stdio`, spoken to by a real client over real pipes."""

import json
import sys
from collections.abc import Mapping
from pathlib import Path

import pytest
from mcp import Client
from mcp.client.stdio import StdioServerParameters, stdio_client

from dragoman.cli import run
from dragoman.telemetry.read import records

ROOT = Path(__file__).resolve().parents[2]
CORPUS = ROOT / "servers" / "spark" / "tests" / "corpus"
COMMAND = ["-m", "dragoman.cli", "serve", "spark", "--stdio"]


def environment(state: Path, **more: str) -> Mapping[str, str]:
    roots = json.dumps([{"name": "corpus", "url": str(CORPUS)}])
    return {"DRAGOMAN_STATE": str(state), "DRAGOMAN_SPARK_ROOTS": roots, **more}


@pytest.mark.anyio
async def test_over_stdio_the_person_of_the_environment_reads_real_logs(tmp_path: Path) -> None:
    named = environment(tmp_path, DRAGOMAN_USER="Alice", DRAGOMAN_GROUPS="sales, data-eng")
    process = StdioServerParameters(command=sys.executable, args=COMMAND, env=dict(named))
    async with Client(stdio_client(process)) as client:
        tools = {tool.name for tool in (await client.list_tools()).tools}
        result = await client.call_tool("find_applications", {"text": "sessionize_events"})

    journal = [each.record for each in records(tmp_path / "audit" / "spark" / "local")]
    outcome = next(record for record in journal if record.kind == "outcome")
    assert "diagnose_application" in tools
    assert not result.is_error
    assert result.structured_content
    assert result.structured_content["applications"]
    assert (outcome.subject, outcome.surface, outcome.result) == ("alice", "stdio", "success")
    assert outcome.groups == ("data-eng", "sales")


@pytest.mark.parametrize(
    ("more", "told"),
    [
        ({}, "set DRAGOMAN_USER"),
        ({"DRAGOMAN_USER": " "}, "set DRAGOMAN_USER"),
        ({"DRAGOMAN_USER": "alice", "DRAGOMAN_ENV": "production"}, "not for production"),
    ],
)
def test_over_stdio_nobody_is_served_unnamed_or_in_production(
    more: dict[str, str],
    told: str,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
) -> None:
    for name, value in environment(tmp_path, **more).items():
        monkeypatch.setenv(name, value)

    code = run(["serve", "spark", "--stdio"])

    said = capsys.readouterr()
    assert (code, said.out) == (1, "")
    assert told in said.err
    assert list(tmp_path.iterdir()) == []
