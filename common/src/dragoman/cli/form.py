"""A server's form, filled in at the terminal."""

from mcp.types import ElicitRequestFormParams, ElicitRequestParams, ElicitResult

from dragoman.cli.output import err, plain

_YES = frozenset({"y", "yes", "true"})


def answered(params: ElicitRequestParams) -> ElicitResult:
    """What the person fills in; end of input or Ctrl-C there is no answer, hence no yes."""
    if not isinstance(params, ElicitRequestFormParams):
        return ElicitResult(action="cancel")
    console = err()
    console.print(plain(params.message), markup=False)
    content: dict[str, str | int | float | bool | list[str] | None] = {}
    try:
        for name, field in params.requested_schema.get("properties", {}).items():
            is_flag = field.get("type") == "boolean"
            title = plain(str(field.get("title", name)))
            said = console.input(f"{title}{' [y/N]' if is_flag else ''}: ", markup=False)
            content[name] = said.strip().lower() in _YES if is_flag else said
    except (EOFError, KeyboardInterrupt):
        return ElicitResult(action="cancel")
    return ElicitResult(action="accept", content=content)
