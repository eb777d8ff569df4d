"""Runs one tool: arguments in, hidden parameters filled, result out."""

import asyncio
from collections.abc import Awaitable, Callable, Iterator, Mapping
from dataclasses import dataclass, field
from difflib import get_close_matches
from typing import Any, TypeVar

import anyio
from pydantic import BaseModel, ValidationError
from pydantic_core import ErrorDetails

from dragoman.auth.caller import Caller
from dragoman.elicitation.approvals import Approval
from dragoman.elicitation.plans import Plans
from dragoman.errors import BadInput, DragomanError
from dragoman.tool import Injection, Permits, Progress, Tool

_MOST_PROBLEMS, _LONGEST_PLACE = 10, 200
T = TypeVar("T")
Opener = Callable[[Caller, str, Permits], Awaitable[object]]
"""Opens a backend client for a caller, an instance and what that caller may see.

The instance is the call's argument of that name, "" for the default one.
"""


class TookTooLong(DragomanError):
    """The call ran into its time limit and was cancelled."""


@dataclass(frozen=True)
class Hands:
    """What a running call may use besides its arguments.

    A backend is opened once, for both the question and the tool.
    """

    caller: Caller
    progress: Progress
    permits: Permits
    plans: Plans
    openers: Mapping[type, Opener]
    instance: str = ""
    _opened: dict[type, object] = field(default_factory=dict[type, object])

    async def fill(
        self, injected: Mapping[str, Injection], approval: Approval | None = None
    ) -> dict[str, Any]:
        """The hidden parameters by name, backends opened for this caller."""
        kinds = {name: injection.kind for name, injection in injected.items()}
        return {name: await self._of(kind, approval) for name, kind in kinds.items()}

    async def _of(self, kind: type, approval: Approval | None) -> object:
        own: dict[type, object] = {
            Caller: self.caller,
            Progress: self.progress,
            Permits: self.permits,
            Plans: self.plans,
            Approval: approval,
        }
        if kind in own:
            return own[kind]
        if kind not in self._opened:
            opener = self.openers[kind]
            self._opened[kind] = await opener(self.caller, self.instance, self.permits)
        return self._opened[kind]


def read_arguments(tool: Tool, raw: Mapping[str, Any]) -> dict[str, Any]:
    """The arguments as the function takes them.

    Raises BadInput naming each argument that is unknown, missing or of the wrong type.
    """
    try:
        parsed = tool.arguments.model_validate(dict(raw))
    except ValidationError as invalid:
        problems = "; ".join(_problems(invalid, list(tool.arguments.model_fields)))
        raise BadInput(f"{tool.name}: {problems}. Correct the arguments and call again.") from None
    return {name: getattr(parsed, name) for name in tool.arguments.model_fields}


async def run(
    tool: Tool, arguments: Mapping[str, Any], filled: Mapping[str, Any], *, seconds: float
) -> BaseModel:
    """The tool's answer; cancelled after `seconds`, and then TookTooLong."""
    return await within(seconds, tool.function(**arguments, **filled), f"{tool.name} did not end")


async def within(seconds: float, work: Awaitable[T], otherwise: str) -> T:
    """What the work gives; cancelled after `seconds`, and then TookTooLong says `otherwise`.

    Work that was cancelled from within is a fault of its own and no cancelled call.
    """
    try:
        with anyio.move_on_after(seconds):
            return await work
    except asyncio.CancelledError as cancelled:
        task = asyncio.current_task()
        if task is None or task.cancelling():
            raise
        raise RuntimeError("it awaited work that was cancelled") from cancelled
    except SystemExit as leaving:
        raise RuntimeError("it tried to end the server") from leaving
    raise TookTooLong(f"{otherwise} within {seconds:g} s and was cancelled. Ask for less at once.")


def _problems(invalid: ValidationError, known: list[str]) -> Iterator[str]:
    errors = invalid.errors(include_url=False, include_context=False, include_input=False)
    for error in errors[:_MOST_PROBLEMS]:
        yield _problem(error, known)
    if len(errors) > _MOST_PROBLEMS:
        yield f"and {len(errors) - _MOST_PROBLEMS:,} more"


def _problem(error: ErrorDetails, known: list[str]) -> str:
    place = ".".join(str(part) for part in error["loc"])[:_LONGEST_PLACE]
    if error["type"] == "extra_forbidden":
        near = get_close_matches(place, known, n=1)
        meant = f", perhaps you mean `{near[0]}`" if near else f"; known are {', '.join(known)}"
        return f"unknown argument `{place}`{meant}"
    if error["type"] == "missing":
        return f"argument `{place}` is missing"
    return f"argument `{place}`: {error['msg']}"
