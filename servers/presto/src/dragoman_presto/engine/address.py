"""Addresses that a coordinator hands out: followed only where they lead back to it."""

from urllib.parse import SplitResult, urlsplit, urlunsplit

from dragoman_presto.engine.errors import CoordinatorConfused
from dragoman_presto.settings import Coordinator

PORTS = {"http": 80, "https": 443}


def next_address(coordinator: Coordinator, given: str, query_id: str) -> str:
    """Where the next page of this very query is.

    Credentials travel with it: another host, scheme or port is refused, or with `next_uri`
    rewrite replaced by the coordinator's own. Raises CoordinatorConfused.
    """
    try:
        parts = urlsplit(given)
        own = _origin(parts) == (coordinator.scheme, coordinator.host, coordinator.port)
    except ValueError as error:
        raise _elsewhere(coordinator, "is no address") from error
    if not own and coordinator.next_uri == "refuse":
        raise _elsewhere(coordinator, "leads to another host, scheme or port")
    if not _is_of_query(parts.path, query_id):
        raise _elsewhere(coordinator, "is not one of this query")
    if own:
        return given
    return urlunsplit(urlsplit(coordinator.url)._replace(path=parts.path, query=parts.query))


def with_target_size(address: str, size: int | None) -> str:
    """The address, asking for answers of about `size` bytes once rows can come."""
    if size is None or "/executing/" not in address:
        return address
    return f"{address}{'&' if '?' in address else '?'}targetResultSize={size}B"


def _origin(parts: SplitResult) -> tuple[str, str, int]:
    if parts.username is not None or parts.password is not None or parts.fragment:
        return ("", "", 0)
    port = parts.port or PORTS.get(parts.scheme, 0)
    return (parts.scheme, parts.hostname or "", port)


def _is_of_query(path: str, query_id: str) -> bool:
    """Whether the path is a statement's, of this query, without steps that lead elsewhere."""
    steps = path.split("/")
    if "%" in path or "\\" in path or {".", ".."} & set(steps):
        return False
    return path.startswith("/v1/statement/") and query_id in steps


def _elsewhere(coordinator: Coordinator, why: str) -> CoordinatorConfused:
    return CoordinatorConfused(
        f"The next address that {coordinator.name} gave {why}, so it was not followed and the "
        "query was ended. Tell the operator: behind a proxy, next_uri=rewrite may be what is "
        "missing."
    )
