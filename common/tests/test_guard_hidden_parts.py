"""Prompts and resources that a caller may not see cannot be asked about on other ways, either."""

from collections.abc import AsyncGenerator
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Any

import anyio
import pytest
from mcp import Client, MCPError
from mcp.server import MCPServer
from mcp.server.mcpserver import Context
from mcp.types import (
    Completion,
    CompletionArgument,
    CompletionContext,
    PromptReference,
    ResourceTemplateReference,
)

from dragoman.server import Native, Server
from dragoman.testing import Era, caller, connected

pytestmark = pytest.mark.anyio

READER = caller("rita", "readers", server="library")
OPEN, VAULT = "library://shelf/{place}", "library://vault/{place}"
POLICY = """
@id("readers")
permit (
  principal in Group::"readers",
  action in [Action::"library.connect", Action::"library.list", Action::"library.read"],
  resource in Server::"library"
);
"""
Reference = PromptReference | ResourceTemplateReference


def _register(mcp: MCPServer[Any]) -> None:
    async def words(place: str = "") -> str:
        return f"Words {place}"

    async def complete(
        ref: Reference, argument: CompletionArgument, context: CompletionContext | None
    ) -> Completion:
        del ref, context
        return Completion(values=[argument.value])

    async def touch(uri: str, ctx: Context[Any]) -> str:
        await ctx.notify_resource_updated(uri)
        return "touched"

    mcp.prompt("novel")(words)
    mcp.prompt("ledger")(words)
    mcp.resource(OPEN)(words)
    mcp.resource(VAULT)(words)
    mcp.completion()(complete)
    mcp.add_tool(touch)


@pytest.fixture
def library(tmp_path: Path) -> Server:
    policy = tmp_path / "rules.cedar"
    policy.write_text(POLICY)
    return Server(
        name="library",
        title="A library",
        instructions="",
        package="dragoman",
        policy=policy,
        native=Native(
            _register,
            tools={"touch": "library.read"},
            prompts={"novel": "library.read", "ledger": "library.audit"},
            resources={OPEN: "library.read", VAULT: "library.audit"},
        ),
    )


@asynccontextmanager
async def reader(library: Server, state: Path, era: Era = "auto") -> AsyncGenerator[Client]:
    async with connected(library, READER, state=state, mode=era) as there:
        yield there.client


ASKED = {"name": "place", "value": "a"}


@pytest.mark.parametrize(
    "seen", [PromptReference(name="novel"), ResourceTemplateReference(uri=OPEN)]
)
async def test_arguments_of_what_is_seen_are_completed(
    library: Server, tmp_path: Path, era: Era, seen: Reference
) -> None:
    async with reader(library, tmp_path, era) as client:
        result = await client.complete(seen, ASKED)

    assert result.completion.values == ["a"]


@pytest.mark.parametrize(
    ("hidden", "missing"),
    [
        (PromptReference(name="ledger"), PromptReference(name="letter")),
        (ResourceTemplateReference(uri=VAULT), ResourceTemplateReference(uri="library://x/{y}")),
        (
            ResourceTemplateReference(uri="library://vault/1"),
            ResourceTemplateReference(uri="library://xault/1"),
        ),
    ],
    ids=["prompt", "template", "resource"],
)
async def test_completion_of_what_is_hidden_reads_as_of_what_does_not_exist(
    library: Server, tmp_path: Path, era: Era, hidden: Reference, missing: Reference
) -> None:
    async with reader(library, tmp_path, era) as client:
        with pytest.raises(MCPError, match="Unknown") as of_hidden:
            await client.complete(hidden, ASKED)
        with pytest.raises(MCPError, match="Unknown") as of_missing:
            await client.complete(missing, ASKED)

    assert of_hidden.value.error.code == of_missing.value.error.code == -32602
    assert hidden.model_dump(mode="json").items() >= (of_hidden.value.error.data or {}).items()


async def test_updates_of_a_hidden_resource_cannot_be_listened_to(
    library: Server, tmp_path: Path
) -> None:
    async with reader(library, tmp_path) as client:
        with pytest.raises(MCPError, match="Unknown resource: library://vault/1"):
            async with client.listen(
                resource_subscriptions=["library://shelf/1", "library://vault/1"]
            ):
                pass


async def test_updates_of_a_visible_resource_arrive(library: Server, tmp_path: Path) -> None:
    async with reader(library, tmp_path) as client:
        with anyio.fail_after(5):
            async with client.listen(resource_subscriptions=["library://shelf/1"]) as events:
                await client.call_tool("touch", {"uri": "library://shelf/1"})
                event = await anext(aiter(events))

    assert getattr(event, "uri", None) == "library://shelf/1"


async def test_refusal_of_a_resource_names_it_as_data(
    library: Server, tmp_path: Path, era: Era
) -> None:
    async with reader(library, tmp_path, era) as client:
        with pytest.raises(MCPError) as refused:
            await client.read_resource("library://vault/1")

    assert refused.value.error.data == {"uri": "library://vault/1"}
