"""What a statement does, as its head says it."""

from enum import StrEnum


class Kind(StrEnum):
    READ = "read"
    METADATA = "metadata"
    PLAN = "plan"
    EXECUTING_PLAN = "executing plan"
    WRITE = "write"
    DDL = "ddl"
    GRANT = "grant"
    SESSION = "session"
    TRANSACTION = "transaction"
    CALL = "call"
    PREPARE = "prepare"
    UNKNOWN = "unknown"


CHANGES = frozenset({Kind.WRITE, Kind.DDL, Kind.GRANT, Kind.CALL})
"""Kinds that change what others see, and that a person would have to approve."""

MEANING = {
    Kind.WRITE: "a change of data",
    Kind.DDL: "a change of the schema",
    Kind.GRANT: "a change of rights",
    Kind.SESSION: "a change of the session",
    Kind.TRANSACTION: "a transaction statement",
    Kind.CALL: "a procedure call",
    Kind.PREPARE: "a statement about prepared statements",
}

_BY_A_PERSON = "Changes are not made from here: give the statement to a person who may make it."

WAY_OUT = {
    Kind.WRITE: _BY_A_PERSON,
    Kind.DDL: _BY_A_PERSON,
    Kind.GRANT: _BY_A_PERSON,
    Kind.CALL: _BY_A_PERSON,
    Kind.SESSION: "Session settings are the server's; name tables as catalog.schema.table.",
    Kind.TRANSACTION: "Leave it out: each statement is a transaction of its own.",
    Kind.PREPARE: "Send the statement itself, with its values in it.",
}
