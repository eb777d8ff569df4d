"""The harbour's world and its tools: every risk, and every way to go wrong."""

import asyncio
import hashlib
import os
from collections.abc import Callable
from dataclasses import dataclass, field
from pathlib import Path
from typing import Annotated

import anyio
from pydantic import BaseModel, Field

from dragoman.auth.caller import Caller
from dragoman.elicitation.question import Item, Question
from dragoman.errors import DragomanError
from dragoman.risk import Risk
from dragoman.tool import Backend, Permits, tool

SECRET = "hunter2-9f8e7d6c5b4a"


@dataclass
class Sea:
    """The world behind the server: what was done to it, and how it behaves.

    `journal` is read when a tool acts, so that a test sees what was durable by then; `acts_file`
    is written before a write returns, for tests that kill the process.
    """

    acts: list[str] = field(default_factory=list[str])
    opened: int = 0
    journal: Path | None = None
    acts_file: Path | None = None
    seen: list[str] = field(default_factory=list[str])
    fault: Exception | None = None
    fog: bool = False
    then: Callable[[], None] | None = None
    plan: str = "calm"
    started: asyncio.Event = field(default_factory=asyncio.Event)
    stopped: asyncio.Event = field(default_factory=asyncio.Event)
    go_on: asyncio.Event = field(default_factory=asyncio.Event)

    async def open(self, who: Caller, instance: str, permits: Permits) -> "Sea":
        del who, instance, permits
        self.opened += 1
        if self.fault is not None:
            raise self.fault
        if self.fog:
            await anyio.sleep_forever()
        return self

    def act(self, what: str) -> "Done":
        """Does it, and notes what the journal says at that very moment."""
        if self.journal is not None:
            lines = [p.read_text() for p in sorted(self.journal.glob("*.jsonl"))]
            self.seen.append("".join(lines))
        if self.acts_file is not None:
            fd = os.open(self.acts_file, os.O_CREAT | os.O_APPEND | os.O_WRONLY | os.O_DSYNC)
            os.write(fd, f"{what}\n".encode())
            os.close(fd)
        self.acts.append(what)
        if self.then is not None:
            self.then()
        return Done(done=what)


Sailing = Backend[Sea]


class Done(BaseModel):
    done: str


class Bad(BaseModel):
    """An answer that cannot be written as JSON."""

    model_config = {"arbitrary_types_allowed": True}

    value: Annotated[object, Field(default=None)]


class DockFull(DragomanError):
    """A fault that the tool knows how to put in words."""


@tool(risk=Risk.READ, policy="harbour.read", minutes_saved=3)
async def find_ships(sea: Sailing, text: str = "", limit: int = 10) -> Done:
    """Lists the ships."""
    return sea.act(f"found {text} {limit}")


@tool(risk=Risk.READ, policy="harbour.read", minutes_saved=3, channels=("dock",))
async def read_manifest(sea: Sailing) -> Done:
    """Reads the manifest, in the channel of the dock alone."""
    return sea.act("manifest")


@tool(risk=Risk.OWN, policy="harbour.own", minutes_saved=1)
async def save_note(sea: Sailing, note: str) -> Done:
    """Saves the caller's own note."""
    return sea.act(f"note {note}")


async def moving(arguments: dict[str, object], sea: Sailing, who: Caller) -> Question:
    """Asks about one ship."""
    text = f"Move {arguments['ship']} to {arguments['berth']} for {who.subject}?"
    return Question(text, digest=hashlib.sha256(sea.plan.encode()).hexdigest())


@tool(risk=Risk.WRITE, policy="harbour.write", minutes_saved=10, confirm=moving)
async def move_ship(ship: str, sea: Sailing, berth: int = 1) -> Done:
    """Moves one ship."""
    return sea.act(f"moved {ship} to {berth}")


async def moving_many(arguments: dict[str, list[str]], sea: Sailing, who: Caller) -> Question:
    """Asks about each ship."""
    del sea, who
    items = tuple(Item(ship, f"move {ship}") for ship in arguments["ships"])
    return Question("Move these?", items, items_argument="ships")


@tool(risk=Risk.WRITE, policy="harbour.write", minutes_saved=10, confirm=moving_many)
async def move_ships(ships: list[str], sea: Sailing) -> Done:
    """Moves several ships."""
    return sea.act(f"moved {', '.join(ships)}")


async def raising(arguments: dict[str, object], sea: Sailing, who: Caller) -> Question:
    """Asks, and says that it is worse than it looks."""
    del sea, who
    return Question(f"Refit {arguments['ship']}, which loses its cargo?", risk=Risk.DESTROY)


@tool(risk=Risk.WRITE, policy="harbour.write", minutes_saved=10, confirm=raising)
async def refit_ship(ship: str, sea: Sailing) -> Done:
    """Refits a ship, whose cargo is lost."""
    return sea.act(f"refitted {ship}")


async def sinking(arguments: dict[str, object], sea: Sailing, who: Caller) -> Question:
    """Asks about the loss of a ship."""
    del sea, who
    return Question(f"Sink {arguments['ship']} for good?")


@tool(risk=Risk.DESTROY, policy="harbour.write", minutes_saved=10, confirm=sinking)
async def sink_ship(ship: str, sea: Sailing) -> Done:
    """Sinks a ship."""
    return sea.act(f"sank {ship}")


@tool(risk=Risk.DESTROY, policy="harbour.write", minutes_saved=10, confirm=sinking, four_eyes=True)
async def scuttle_ship(ship: str, sea: Sailing) -> Done:
    """Sinks a ship, if two people want it."""
    return sea.act(f"scuttled {ship}")


async def confused(arguments: dict[str, object], sea: Sailing, who: Caller) -> Question:
    """Breaks instead of asking."""
    del arguments, sea, who
    raise KeyError(f"password={SECRET}")


@tool(risk=Risk.WRITE, policy="harbour.write", minutes_saved=10, confirm=confused)
async def move_in_fog(ship: str, sea: Sailing) -> Done:
    """Has a question that breaks."""
    return sea.act(f"moved {ship} in fog")


@tool(risk=Risk.READ, policy="harbour.read", minutes_saved=1)
async def wait_for_tide(sea: Sailing) -> Done:
    """Waits for ever, or until a test lets it go on."""
    sea.started.set()
    try:
        await sea.go_on.wait()
    finally:
        sea.stopped.set()
    return sea.act("tide")


@tool(risk=Risk.READ, policy="harbour.read", minutes_saved=1)
async def wait_a_second(sea: Sailing) -> Done:
    """Waits a second, for servers that are told to stop meanwhile."""
    del sea
    await anyio.sleep(1)
    return Done(done="waited")


@tool(risk=Risk.WRITE, policy="harbour.write", minutes_saved=1, confirm=sinking)
async def tow_ship(ship: str, sea: Sailing) -> Done:
    """Tows for ever."""
    sea.act(f"towing {ship}")
    sea.started.set()
    try:
        await sea.go_on.wait()
    finally:
        sea.stopped.set()
    return Done(done=ship)


@tool(risk=Risk.READ, policy="harbour.read", minutes_saved=1)
async def run_aground(sea: Sailing) -> Done:
    """Breaks in a way that nobody foresaw."""
    sea.act("ran aground")
    raise RuntimeError(f"password={SECRET} at /srv/harbour/private.py")


@tool(risk=Risk.READ, policy="harbour.read", minutes_saved=1)
async def lose_rudder(sea: Sailing) -> Done:
    """Awaits work of its own that somebody else cancelled."""
    work = asyncio.ensure_future(sea.go_on.wait())
    work.cancel()
    await work
    return Done(done="never")


@tool(risk=Risk.READ, policy="harbour.read", minutes_saved=1)
async def abandon_ship(sea: Sailing) -> Done:
    """Tries to end the process."""
    sea.act("abandoned")
    raise SystemExit(1)


@tool(risk=Risk.READ, policy="harbour.read", minutes_saved=1)
async def find_berth(sea: Sailing) -> Done:
    """Fails in words."""
    del sea
    raise DockFull(f"The dock is full (password={SECRET}). Try another one.")


@tool(risk=Risk.READ, policy="harbour.read", minutes_saved=1)
async def read_papers(sea: Sailing, note: str = "") -> Done:
    """Returns secrets."""
    del sea
    return Done(done=f"password={SECRET} {note}")


@tool(risk=Risk.READ, policy="harbour.read", minutes_saved=1)
async def read_runes(sea: Sailing) -> Bad:
    """Returns what cannot be written down."""
    del sea
    return Bad(value=object())
