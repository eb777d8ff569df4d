"""Questions to the person at the terminal: a server's form, a yes or no."""

import signal
from collections.abc import Generator
from contextlib import contextmanager

from mcp.types import ElicitRequestFormParams, ElicitRequestParams, ElicitResult

from dragoman.cli.output import err, plain

_YES = frozenset({"y", "yes", "true"})


def answered(params: ElicitRequestParams) -> ElicitResult:
    """What the person fills in; end of input or Ctrl-C there is no answer, hence no yes."""
    if not isinstance(params, ElicitRequestFormParams):
        return ElicitResult(action="cancel")
    err().print(plain(params.message), markup=False)
    content: dict[str, str | int | float | bool | list[str] | None] = {}
    try:
        for name, field in params.requested_schema.get("properties", {}).items():
            title = plain(str(field.get("title", name)))
            if field.get("type") == "boolean":
                content[name] = _flag(title, usual=field.get("default") is True)
            elif said := _typed(f"{title}: ").strip():
                content[name] = said
    except (EOFError, KeyboardInterrupt):
        return ElicitResult(action="cancel")
    return ElicitResult(action="accept", content=content)


def _flag(title: str, *, usual: bool) -> bool:
    """Yes or no; Enter alone is the usual answer, and what is neither is no."""
    said = _typed(f"{title} {'[Y/n]' if usual else '[y/N]'}: ").strip().lower()
    return said in _YES if said else usual


def says_yes(question: str) -> bool:
    """Whether the person types yes; end of input is no."""
    try:
        return _flag(question, usual=False)
    except EOFError:
        return False


def _typed(prompt: str) -> str:
    with _interruptible():
        return err().input(prompt, markup=False)


@contextmanager
def _interruptible() -> Generator[None]:
    """Ctrl-C ends the question at once; the event loop's own handler would only note it."""
    before = signal.signal(signal.SIGINT, signal.default_int_handler)
    try:
        yield
    finally:
        signal.signal(signal.SIGINT, before)
