"""Who asks, as Presto's headers; nothing that would change meaning on the way is sent."""

import re
from base64 import b64encode
from collections.abc import Mapping
from dataclasses import dataclass

from dragoman_presto.engine.errors import BadHeader
from dragoman_presto.settings import Coordinator

_UNSAFE = re.compile(r"[^\x21-\x7e ]|,")
_PROPERTY = re.compile(r"[a-z][a-z0-9_]*(?:\.[a-z][a-z0-9_]*)?")


@dataclass(frozen=True)
class Identity:
    """The person behind a query, and what operators may queue and charge it by."""

    user: str
    tags: tuple[str, ...] = ()
    trace: str = ""


@dataclass(frozen=True)
class Session:
    """What one query sends: checked names, session properties, further headers."""

    user: str
    source: str
    catalog: str | None
    schema: str | None
    properties: Mapping[str, str]
    headers: Mapping[str, str]


def session(coordinator: Coordinator, identity: Identity, properties: Mapping[str, str]) -> Session:
    """The headers of one query of `identity`.

    With `user_mode` service the query runs as that user, and the person stands in a tag.
    Raises BadHeader for text that is not printable ASCII, has a comma, or white space around it.
    """
    person = header_text(identity.user, "user")
    impersonates = coordinator.user_mode == "impersonation"
    tags = identity.tags if impersonates else (*identity.tags, f"user:{person}")
    headers = {
        "X-Presto-Client-Tags": ",".join(header_text(tag, "tag") for tag in tags),
        "X-Presto-Trace-Token": header_text(identity.trace, "trace") if identity.trace else "",
        "X-Presto-Time-Zone": header_text(coordinator.time_zone, "time zone"),
        "X-Presto-Language": "en-US",
        "Authorization": _authorization(coordinator),
    }
    return Session(
        person if impersonates else header_text(coordinator.service_user, "service user"),
        header_text(coordinator.source, "source"),
        header_text(coordinator.catalog, "catalog") if coordinator.catalog else None,
        header_text(coordinator.default_schema, "schema") if coordinator.default_schema else None,
        {_property(name): value for name, value in properties.items()},
        {name: value for name, value in headers.items() if value},
    )


def header_text(value: str, what: str) -> str:
    """`value`, when a header carries it unchanged; raises BadHeader otherwise."""
    if not value or value != value.strip() or _UNSAFE.search(value):
        raise BadHeader(
            f"The {what} cannot be sent to Presto: it must be printable ASCII without commas, "
            "line ends or white space around it."
        )
    return value


def _property(name: str) -> str:
    if not _PROPERTY.fullmatch(name):
        raise BadHeader("A session property is named like query_max_run_time or hive.name.")
    return name


def _authorization(coordinator: Coordinator) -> str:
    secret = coordinator.secret()
    if coordinator.auth == "none":
        return ""
    if not secret or not (secret.isascii() and secret.isprintable()):
        raise BadHeader(
            f"{coordinator.secret_variable} does not hold a secret that can be sent to "
            f"{coordinator.name}; its operator must set it."
        )
    if coordinator.auth == "bearer":
        return f"Bearer {secret}"
    return f"Basic {b64encode(f'{coordinator.login}:{secret}'.encode()).decode()}"
