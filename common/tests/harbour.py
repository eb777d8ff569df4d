"""A fixture server with tools of every risk, and of every way to go wrong."""

import json
import sys
from collections.abc import AsyncGenerator
from contextlib import asynccontextmanager
from dataclasses import dataclass
from pathlib import Path

import harbour_tools as tools
from harbour_tools import SECRET, Sea
from mcp.server import MCPServer

from dragoman.server import Backends, Native, Server
from dragoman.serving import serve
from dragoman.settings import Settings
from dragoman.testing import caller

__all__ = ["ALICE", "BOB", "CAROL", "DAVE", "POLICY", "PROBE", "SECRET", "Sea", "harbour"]

PROBE = "spiffe://corp.test/ns/ops/sa/probe"
ALICE = caller("alice", "sailors", "captains", server="harbour", surface="chat")
CAROL = caller("carol", "sailors", "captains", server="harbour")
DAVE = caller("dave", "sailors", server="harbour")
BOB = caller("bob", "landlubbers", server="harbour")

POLICY = """
@id("sailors")
permit (
  principal in Group::"sailors",
  action in [Action::"harbour.connect", Action::"harbour.list", Action::"harbour.read",
    Action::"harbour.own"],
  resource in Server::"harbour"
) when { resource.channels.isEmpty() || resource.channels.contains(context.channel) };

@id("captains")
permit (
  principal in Group::"captains",
  action in [Action::"harbour.write", Action::"harbour.approve"],
  resource in Server::"harbour"
);

@id("bridge")
permit (
  principal in Group::"captains", action == Action::"harbour.confirm", resource in Server::"harbour"
) when { context.surface == "bridge" };

@id("probe")
permit (
  principal == Service::"spiffe://corp.test/ns/ops/sa/probe",
  action in [Action::"harbour.connect", Action::"harbour.list", Action::"harbour.read",
    Action::"harbour.own", Action::"harbour.write"],
  resource in Server::"harbour"
);
"""


def _prompts(mcp: MCPServer) -> None:
    @mcp.prompt()
    def pilot() -> str:  # pyright: ignore[reportUnusedFunction]  # registered by the decorator
        """How to enter the harbour."""
        return "Slowly."

    @mcp.resource("harbour://chart/{place}")
    def chart(place: str) -> str:  # pyright: ignore[reportUnusedFunction]  # registered as above
        """A chart."""
        return f"chart of {place}"


@dataclass(frozen=True)
class Harbour(Server):
    """A server whose policy stands here instead of in a member's folder."""

    rules: str = POLICY

    @property
    def version(self) -> str:
        return "1"

    def policy_text(self) -> str:
        return self.rules


def harbour(sea: Sea, rules: str = POLICY) -> Harbour:
    """The fixture server in front of one sea."""

    @asynccontextmanager
    async def backends() -> AsyncGenerator[Backends]:
        yield Backends({Sea: sea.open})

    return Harbour(
        name="harbour",
        title="A harbour",
        instructions="Look first. The harbour master decides.",
        package="dragoman",
        functions=(
            tools.find_ships,
            tools.read_manifest,
            tools.save_note,
            tools.move_ship,
            tools.move_ships,
            tools.refit_ship,
            tools.sink_ship,
            tools.scuttle_ship,
            tools.move_in_fog,
            tools.wait_a_second,
            tools.wait_for_tide,
            tools.tow_ship,
            tools.run_aground,
            tools.lose_rudder,
            tools.abandon_ship,
            tools.find_berth,
            tools.read_papers,
            tools.read_runes,
        ),
        backends=backends,
        native=Native(
            _prompts,
            prompts={"pilot": "harbour.read"},
            resources={"harbour://chart/{place}": "harbour.read"},
        ),
        rules=rules,
    )


def main(told: str) -> None:
    """Serves the harbour as its own process; `told` is JSON: the file for acts."""
    sea = Sea(acts_file=Path(json.loads(told)["acts"]))
    serve(harbour(sea), Settings())


if __name__ == "__main__":
    main(sys.argv[1])
