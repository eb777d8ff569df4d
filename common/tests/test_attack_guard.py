"""What a caller with a token sends to see more than policy permits, or to stop the server."""

import tracemalloc
from pathlib import Path
from typing import Any

import pytest
from harbour import ALICE, Sea, harbour
from mcp import MCPError
from mcp.server import MCPServer

from dragoman.answer.redact import redact_json
from dragoman.elicitation.question import visible
from dragoman.server import Native, Server
from dragoman.testing import caller, connected, text_of

pytestmark = pytest.mark.anyio

READER = caller("rita", "readers", server="library")
SHELF, VAULT = "library://shelf/{place}", "library://shelf/vault/{place}"
SEEN, HIDDEN = "library://book/{title}", "library://book/{author}"
POLICY = """
@id("readers")
permit (
  principal in Group::"readers",
  action in [Action::"library.connect", Action::"library.list", Action::"library.read"],
  resource in Server::"library"
);
"""


def _register(mcp: MCPServer[Any]) -> None:
    async def at(place: str) -> str:
        return f"secret of {place}"

    async def by(author: str) -> str:
        return f"secret of {author}"

    async def named(title: str) -> str:
        return f"secret of {title}"

    async def everything() -> str:
        return "secret of all"

    mcp.resource(SHELF)(at)
    mcp.resource(VAULT)(at)
    mcp.resource(HIDDEN)(by)
    mcp.resource(SEEN)(named)
    mcp.resource("library://shelf/unmapped")(everything)


@pytest.fixture
def library(tmp_path: Path) -> Server:
    policy = tmp_path / "rules.cedar"
    policy.write_text(POLICY)
    read, audit = "library.read", "library.audit"
    return Server(
        name="library",
        title="A library",
        instructions="",
        package="dragoman",
        policy=policy,
        native=Native(_register, resources={SHELF: read, VAULT: audit, SEEN: read, HIDDEN: audit}),
    )


@pytest.mark.parametrize(
    "uri", ["library://shelf/vault/1", "library://book/1", "library://shelf/unmapped"]
)
async def test_a_template_that_is_seen_opens_nothing_of_one_that_is_hidden(
    library: Server, tmp_path: Path, uri: str
) -> None:
    async with connected(library, READER, state=tmp_path) as there:
        with pytest.raises(MCPError, match="Unknown resource"):
            await there.client.read_resource(uri)


async def test_a_resource_of_a_template_that_is_seen_is_read(
    library: Server, tmp_path: Path
) -> None:
    async with connected(library, READER, state=tmp_path) as there:
        read = await there.client.read_resource("library://shelf/1")

    assert "secret of 1" in read.model_dump_json()


async def test_a_made_up_method_leaves_no_words_in_the_metrics(tmp_path: Path) -> None:
    async with connected(harbour(Sea()), ALICE, state=tmp_path) as there:
        there.app.ledger.measure("made/up-by-alice", {}, 0.1, "")
        there.app.ledger.measure("tools/list", {}, 0.1, "")
        text = there.app.metrics.prometheus_text().decode()

    assert "made/up-by-alice" not in text
    assert 'mcp_method_name="tools/list"' in text


async def test_thousands_of_unknown_arguments_are_not_all_named(tmp_path: Path) -> None:
    many = {f"unknown_{number}": 1 for number in range(2_000)}
    async with connected(harbour(Sea()), ALICE, state=tmp_path) as there:
        said = text_of(await there.call("find_ships", many))

    assert "unknown argument `unknown_0`" in said
    assert "1,990 more" in said
    assert len(said) < 2_000


@pytest.mark.parametrize("char", ["\u2028", "\u2029", "\u3164", "\u115f", "\u034f", "\ufe0f"])
def test_no_unseen_character_and_no_false_line_end_reaches_a_question(char: str) -> None:
    assert visible(f"sink 1{char}2. nothing") == f"sink 1\\u{ord(char):04x}2. nothing"


@pytest.mark.parametrize("arguments", [{"x": ["password=a1b2"] * 60_000}, {"x": [0.5] * 200_000}])
async def test_a_megabyte_of_arguments_is_recorded_by_its_start(
    tmp_path: Path, arguments: dict[str, Any]
) -> None:
    async with connected(harbour(Sea()), ALICE, state=tmp_path) as there:
        await there.call("find_ships", arguments)
        (record,) = await there.audit()

    assert record.arguments.startswith('{"x":[')
    assert len(record.arguments) < 10_000
    assert "a1b2" not in record.arguments


def test_long_names_of_arguments_are_not_kept_in_memory() -> None:
    redact_json({"warm": 1})
    tracemalloc.start()
    before, _ = tracemalloc.get_traced_memory()

    for number in range(300):
        redact_json({f"{number:x<100000}": 1})

    after, _ = tracemalloc.get_traced_memory()
    tracemalloc.stop()
    assert after - before < 2_000_000


async def test_a_name_of_a_megabyte_is_not_given_back_whole(tmp_path: Path) -> None:
    long = "api key : x" * 80_000
    async with connected(harbour(Sea()), ALICE, state=tmp_path) as there:
        said = [
            text_of(await there.call(long)),
            text_of(await there.call("find_ships", {long: 1})),
        ]
        with pytest.raises(MCPError) as prompt:
            await there.client.get_prompt(long)
        audit = await there.audit()

    assert all(len(one) < 1_000 for one in [*said, prompt.value.error.message])
    assert all(len(record.error) < 1_000 for record in audit)
