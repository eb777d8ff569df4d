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
"""Kinds that a person may approve in `run_statements`."""

MEANING = {
    Kind.WRITE: "a change of data",
    Kind.DDL: "a change of the schema",
    Kind.GRANT: "a change of rights",
    Kind.SESSION: "a change of the session",
    Kind.TRANSACTION: "a transaction statement",
    Kind.CALL: "a procedure call",
    Kind.PREPARE: "a statement about prepared statements",
}

WAY_OUT = {
    Kind.WRITE: "Use run_statements, where a person approves exactly this statement.",
    Kind.DDL: "Use run_statements, where a person approves exactly this statement.",
    Kind.GRANT: "Use run_statements, where a person approves exactly this statement.",
    Kind.CALL: "Use run_statements, where a person approves exactly this statement.",
    Kind.SESSION: "Session settings are the server's; name tables as catalog.schema.table.",
    Kind.TRANSACTION: "Leave it out: each statement is a transaction of its own.",
    Kind.PREPARE: "Send the statement itself, with its values in it.",
}
