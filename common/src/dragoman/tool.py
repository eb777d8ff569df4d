"""A tool is a declaration plus a plain function.

`@tool` only marks: the function stays callable in tests and importing it has no effect.
The agent sees the function's own parameters; those annotated `Backend[X]`, `Caller`,
`Progress`, `Permits`, `Plans` or `Approval` are filled in per call and never shown.
"""

import inspect
from collections.abc import Awaitable, Callable, Mapping
from dataclasses import dataclass, field
from functools import cached_property
from typing import Annotated, Any, Protocol, TypeVar, cast, get_args, get_origin, get_type_hints

from mcp.types import ToolAnnotations
from pydantic import BaseModel, ConfigDict, create_model

from dragoman.answer.canonical import digest
from dragoman.answer.text import answer_schema, outline
from dragoman.auth.caller import Caller
from dragoman.auth.policy import Entity
from dragoman.elicitation.approvals import Approval
from dragoman.elicitation.plans import Plans
from dragoman.elicitation.question import Question
from dragoman.errors import DragomanError
from dragoman.risk import Risk

T = TypeVar("T")
F = TypeVar("F", bound=Callable[..., Awaitable[Any]])

_MARK = "__dragoman_tool__"
_ARGUMENTS = "arguments"


class _Injected:
    """Marks a parameter that the guard opens per caller."""


Backend = Annotated[T, _Injected()]


class Misdeclared(DragomanError, TypeError):
    """A server declares something that cannot be a tool; its author has to change it."""


class Progress(Protocol):
    """Tells the waiting client how far a call is; units are the tool's own."""

    async def __call__(
        self, done: float, total: float | None = None, message: str | None = None, /
    ) -> None: ...


class Permits(Protocol):
    """Whether this caller may take `action` on one object."""

    def __call__(self, action: str, entity: Entity) -> bool: ...


Confirm = Callable[..., Awaitable[Question]]

_OWN: frozenset[type] = frozenset({Caller, Progress, Permits, Plans, Approval})


@dataclass(frozen=True)
class Injection:
    """What a hidden parameter is filled with: a backend class, or one of the guard's own."""

    kind: type


@dataclass(frozen=True)
class Tool:
    """One declared tool: all that the manifest, the policy and the guard need to know."""

    function: Callable[..., Awaitable[Any]]
    risk: Risk
    policy: str
    minutes_saved: float
    confirm: Confirm | None = None
    four_eyes: bool = False
    channels: tuple[str, ...] = ()
    injected: Mapping[str, Injection] = field(default_factory=dict[str, Injection])
    asked_with: Mapping[str, Injection] = field(default_factory=dict[str, Injection])
    """What `confirm` takes besides the arguments."""

    @property
    def name(self) -> str:
        return self.function.__name__

    @property
    def title(self) -> str:
        return self.name.replace("_", " ").capitalize()

    @cached_property
    def description(self) -> str:
        return inspect.cleandoc(self.function.__doc__ or "")

    @cached_property
    def arguments(self) -> type[BaseModel]:
        """The model of what the agent may send; anything else is refused."""
        return _argument_model(self.function, frozenset(self.injected))

    @cached_property
    def returns(self) -> type[BaseModel]:
        hint = _hints(self.function).get("return")
        if not (isinstance(hint, type) and issubclass(hint, BaseModel)):
            raise Misdeclared(
                f"{self.name} must return a pydantic model, not {hint}. "
                "Annotate its return with one."
            )
        return hint

    @cached_property
    def input_schema(self) -> dict[str, Any]:
        return _lean(self.arguments.model_json_schema(by_alias=True))

    @cached_property
    def output_schema(self) -> dict[str, Any]:
        """All of the answer, as the manifest has it."""
        return _lean(answer_schema(self.returns))

    @property
    def listed_output(self) -> dict[str, Any]:
        """The answer as `tools/list` tells it: every listed byte is read on every turn."""
        return outline(self.output_schema)

    @cached_property
    def schema_digest(self) -> str:
        """Changes whenever what the agent reads or sends changes."""
        return digest({"description": self.description, "input": self.input_schema})

    @property
    def annotations(self) -> ToolAnnotations:
        """The two hints about changes are said of tools that change something alone."""
        if self.risk is Risk.READ:
            return ToolAnnotations(read_only_hint=True, open_world_hint=False)
        return ToolAnnotations(
            read_only_hint=False,
            destructive_hint=self.risk is Risk.DESTROY,
            idempotent_hint=False,
            open_world_hint=False,
        )


def tool(
    *,
    risk: Risk,
    policy: str,
    minutes_saved: float,
    confirm: Confirm | None = None,
    four_eyes: bool = False,
    channels: tuple[str, ...] = (),
) -> Callable[[F], F]:
    """Declare a tool: what it risks, which policy action permits it, what it saves in minutes.

    `confirm` renders the question a person must say yes to; it is required for `WRITE` and
    `DESTROY`, and refused elsewhere because it would never be asked. It takes the arguments as
    `arguments`, and what else it needs like a tool: `Backend[X]`, `Caller`, `Plans`.
    """
    if risk.asks and confirm is None:
        raise Misdeclared(f"a {risk} tool needs confirm=: nobody would be asked")
    if not risk.asks and (confirm is not None or four_eyes):
        raise Misdeclared(f"a {risk} tool asks nobody: confirm= and four_eyes= do not belong to it")
    asked_with = {} if confirm is None else _question_parts(confirm)

    def mark(function: F) -> F:
        setattr(
            function,
            _MARK,
            Tool(
                function=function,
                risk=risk,
                policy=policy,
                minutes_saved=minutes_saved,
                confirm=confirm,
                four_eyes=four_eyes,
                channels=channels,
                injected=_injections(function),
                asked_with=asked_with,
            ),
        )
        return function

    return mark


def declared(function: object) -> Tool | None:
    """The declaration that `@tool` left on a function, if any."""
    mark = getattr(function, _MARK, None)
    return mark if isinstance(mark, Tool) else None


def _question_parts(confirm: Confirm) -> dict[str, Injection]:
    """What a question is rendered from. Raises Misdeclared for what nobody can fill in."""
    parts = _injections(confirm)
    unknown = set(inspect.signature(confirm).parameters) - set(parts) - {_ARGUMENTS}
    early = {name for name, part in parts.items() if part.kind is Approval}
    if unknown or early or _ARGUMENTS not in inspect.signature(confirm).parameters:
        raise Misdeclared(
            f"{confirm.__name__} takes `arguments`, and Backend[...], Caller, Progress, Permits or "
            f"Plans by their annotations; not {', '.join(sorted(unknown | early)) or 'less'}"
        )
    return parts


def _hints(function: Callable[..., Any]) -> dict[str, Any]:
    return get_type_hints(function, include_extras=True)


def _injections(function: Callable[..., Any]) -> dict[str, Injection]:
    found: dict[str, Injection] = {}
    for name, hint in _hints(function).items():
        if name == "return":
            continue
        if hint in _OWN:
            found[name] = Injection(hint)
        elif get_origin(hint) is Annotated and any(
            isinstance(a, _Injected) for a in get_args(hint)
        ):
            found[name] = Injection(get_args(hint)[0])
    return found


def _argument_model(function: Callable[..., Any], hidden: frozenset[str]) -> type[BaseModel]:
    hints = _hints(function)
    fields: dict[str, Any] = {}
    for name, parameter in inspect.signature(function).parameters.items():
        if name in hidden:
            continue
        required = parameter.default is inspect.Parameter.empty
        fields[name] = (hints[name], ... if required else parameter.default)
    return create_model(
        f"{function.__name__}_arguments",
        __config__=ConfigDict(extra="forbid", arbitrary_types_allowed=False),
        **fields,
    )


def _lean(schema: dict[str, Any]) -> dict[str, Any]:
    """The schema without pydantic's generated titles, which cost tokens and say nothing."""

    def strip(node: object, *, named: bool) -> Any:  # noqa: ANN401  # JSON schema is any JSON
        if isinstance(node, dict):
            return {
                key: strip(value, named=key in {"properties", "$defs"} and not named)
                for key, value in cast("dict[str, object]", node).items()
                if named or key != "title"
            }
        if isinstance(node, list):
            return [strip(item, named=False) for item in cast("list[object]", node)]
        return node

    return strip(schema, named=False)
