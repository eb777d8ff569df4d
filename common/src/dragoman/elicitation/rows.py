"""Proposals, uses and plans as rows."""

import sqlite3

import msgspec

from dragoman.answer.canonical import digest
from dragoman.elicitation.approvals import Plan
from dragoman.elicitation.decision import Decision, Door, Record, State, Use
from dragoman.elicitation.proposal import Proposal
from dragoman.errors import ApprovalRefused, StoreUnavailable

_SELECT = (
    "SELECT body, binding, state, decision, started, outcome, finished "
    "FROM proposals LEFT JOIN uses ON uses.proposal = proposals.id "
)


def expire(connection: sqlite3.Connection, now: float) -> None:
    connection.execute(
        "UPDATE proposals SET state = 'expired' "
        "WHERE state IN ('open', 'approved') AND expires <= ?",
        (now,),
    )


def fetch(connection: sqlite3.Connection, proposal_id: str, now: float) -> Record:
    """The record. Raises ApprovalRefused when there is none with this id."""
    found = _records(connection, "WHERE id = ?", (proposal_id,), now)
    if not found:
        raise ApprovalRefused("There is no proposal with this id; repeat the call to make one.")
    return found[0]


def live(connection: sqlite3.Connection, call: str, now: float) -> Record | None:
    """The open or approved, unexpired proposal of a call."""
    found = _records(
        connection,
        "WHERE call = ? AND state IN ('open', 'approved') AND expires > ?",
        (call, now),
        now,
    )
    return found[0] if found else None


def last_rejected(connection: sqlite3.Connection, call: str, now: float) -> Record | None:
    """The call's proposal that a signed-in person rejected and that has not run out.

    A rejection in the caller's own form is not kept against them: they may think again.
    """
    found = _records(
        connection,
        "WHERE call = ? AND state = 'rejected' AND door <> ? AND expires > ? "
        "ORDER BY created DESC LIMIT 1",
        (call, Door.CLIENT, now),
        now,
    )
    return found[0] if found else None


def approved_for_purpose(
    connection: sqlite3.Connection, fresh: Proposal, now: float
) -> list[Record]:
    """Approvals that the same person holds, unused, for another call of the same tool."""
    return _records(
        connection,
        "WHERE purpose = ? AND state = 'approved' AND expires > ? ORDER BY created DESC LIMIT 3",
        (_purpose(fresh), now),
        now,
    )


def unfinished(connection: sqlite3.Connection, call: str, now: float) -> list[Record]:
    """Runs of the same call that were started and have no outcome."""
    return _records(
        connection,
        "WHERE call = ? AND state = 'consumed' AND outcome = '' ORDER BY created DESC LIMIT 3",
        (call,),
        now,
    )


def all_unfinished(connection: sqlite3.Connection, now: float) -> list[tuple[Record, bytes]]:
    rows = connection.execute(
        "SELECT id, intent FROM proposals JOIN uses ON uses.proposal = id WHERE outcome = '' "
        "ORDER BY started"
    ).fetchall()
    return [(fetch(connection, row["id"], now), row["intent"]) for row in rows]


def count_open(connection: sqlite3.Connection, fresh: Proposal) -> int:
    """How many calls of the same tool wait in the same person's name."""
    (count,) = connection.execute(
        "SELECT count(*) FROM proposals WHERE purpose = ? AND state = 'open'", (_purpose(fresh),)
    ).fetchone()
    return int(count)


def newest(connection: sqlite3.Connection, now: float) -> list[Record]:
    """Open ones first, so that no flood of others can hide what waits."""
    return _records(connection, "ORDER BY state <> 'open', created DESC LIMIT 5000", (), now)


def add(connection: sqlite3.Connection, proposal: Proposal) -> None:
    connection.execute(
        "INSERT INTO proposals (id, call, purpose, binding, state, expires, created, body) "
        "VALUES (?, ?, ?, ?, ?, ?, ?, ?)",
        (
            proposal.id,
            proposal.call,
            _purpose(proposal),
            proposal.binding(),
            State.OPEN,
            proposal.expires,
            proposal.created,
            msgspec.json.encode(proposal).decode(),
        ),
    )


def set_state(connection: sqlite3.Connection, proposal_id: str, state: State) -> None:
    connection.execute("UPDATE proposals SET state = ? WHERE id = ?", (state, proposal_id))


def set_decision(
    connection: sqlite3.Connection, proposal_id: str, state: State, decision: Decision
) -> None:
    connection.execute(
        "UPDATE proposals SET state = ?, decision = ?, door = ? WHERE id = ?",
        (state, msgspec.json.encode(decision).decode(), decision.verdict.door, proposal_id),
    )


def use(connection: sqlite3.Connection, proposal_id: str, intent: bytes, now: float) -> bool:
    """Whether this is the first use; if so it is written together with its intent."""
    try:
        connection.execute(
            "INSERT INTO uses (proposal, intent, started) VALUES (?, ?, ?)",
            (proposal_id, intent, now),
        )
    except sqlite3.IntegrityError:
        return False
    set_state(connection, proposal_id, State.CONSUMED)
    return True


def end(connection: sqlite3.Connection, proposal_id: str, outcome: str, now: float) -> bool:
    """Whether the call was running until now."""
    changed = connection.execute(
        "UPDATE uses SET outcome = ?, finished = ? WHERE proposal = ? AND outcome = ''",
        (outcome, now, proposal_id),
    )
    return changed.rowcount == 1


def add_plan(connection: sqlite3.Connection, plan: Plan, owner: str, now: float) -> None:
    connection.execute(
        "INSERT INTO plans (id, owner, content, digest, created, expires) "
        "VALUES (?, ?, ?, ?, ?, ?)",
        (plan.id, owner, plan.content, plan.digest, now, plan.expires),
    )


def plan(connection: sqlite3.Connection, plan_id: str, owner: str) -> Plan | None:
    row = connection.execute(
        "SELECT id, content, digest, expires FROM plans WHERE id = ? AND owner = ?",
        (plan_id, owner),
    ).fetchone()
    return Plan(*row) if row else None


def _records(
    connection: sqlite3.Connection, where: str, values: tuple[str | float, ...], now: float
) -> list[Record]:
    return [_record(row, now) for row in connection.execute(_SELECT + where, values).fetchall()]


def _record(row: sqlite3.Row, now: float) -> Record:
    try:
        proposal = msgspec.json.decode(row["body"], type=Proposal)
        kept = row["decision"]
        decision = msgspec.json.decode(kept, type=Decision) if kept else None
        state = State(row["state"])
    except (msgspec.MsgspecError, ValueError) as damage:
        raise StoreUnavailable(
            "A row of the approval store cannot be read. Nothing that needs approval runs; "
            "tell the server's owner."
        ) from damage
    if proposal.binding() != row["binding"]:
        raise StoreUnavailable(
            f"Proposal {proposal.id} is not what was stored: it has been damaged or changed. "
            "Tell the server's owner."
        )
    if state in {State.OPEN, State.APPROVED} and proposal.expires <= now:
        state = State.EXPIRED
    started = row["started"]
    used = None if started is None else Use(started, row["outcome"], row["finished"])
    return Record(proposal, state, decision, used)


def _purpose(proposal: Proposal) -> str:
    return digest([proposal.server, proposal.tool, proposal.person.key])
