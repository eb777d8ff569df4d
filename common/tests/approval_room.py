"""People, a call and a clock for the tests of approvals."""

from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

from dragoman.auth.caller import Caller
from dragoman.elicitation.decision import Door, Verdict
from dragoman.elicitation.proposal import Call, Proposal, draft
from dragoman.elicitation.question import Question
from dragoman.elicitation.store import LocalApprovals
from dragoman.risk import Risk

ISSUER = "https://idp.example"
AGENT = Caller("alice", issuer=ISSUER, surface="chat")
ALICE = Caller("alice", issuer=ISSUER)
BOB = Caller("bob", issuer=ISSUER)
MALLORY = Caller("mallory", issuer=ISSUER)
CALL = Call("presto", "drop_table", "schema-1", {"table": "a"}, "policy-1", Risk.DESTROY)
QUESTION = Question("Drop table a?")
YES = Verdict(yes=True, door=Door.COMMAND)
NO = Verdict(yes=False, door=Door.COMMAND, reason="not today")
IN_FORM = Verdict(yes=True, door=Door.CLIENT)


@dataclass
class Clock:
    now: float = 1_000.0

    def __call__(self) -> float:
        return self.now


def open_store(path: Path, clock: Callable[[], float], busy: float = 10.0) -> LocalApprovals:
    return LocalApprovals(path, lambda who, _: who.subject != "mallory", clock, busy)


def fresh(clock: Clock, call: Call = CALL, caller: Caller = AGENT, life: float = 60) -> Proposal:
    return draft(call, caller, QUESTION, clock.now, life)
