"""`dragoman approvals`: the door where a person, signed in themselves, decides."""

from typing import Annotated

from cyclopts import App, Parameter
from rich.console import Console

from dragoman.auth.caller import Caller
from dragoman.auth.jwt import Tokens
from dragoman.elicitation.door import approve as approve_it
from dragoman.elicitation.door import describe, waiting
from dragoman.elicitation.door import reject as reject_it
from dragoman.elicitation.proposal import Proposal
from dragoman.elicitation.store import LocalApprovals
from dragoman.server import find, load_policy
from dragoman.settings import Settings

app = App(name="approvals", help="List and decide the calls that wait for a person's yes.")
Token = Annotated[str, Parameter(env_var="DRAGOMAN_TOKEN", help="Your own token, not an agent's")]


@app.command(name="list")
async def list_(*, token: Token) -> int:
    """List what waits for you, each with its exact question."""
    approvals, me = await _door(token)
    records = await waiting(approvals, me)
    console = Console()
    for record in records:
        console.print(describe(record), markup=False)
        console.rule()
    if not records:
        console.print("Nothing waits for you.")
    return 0


@app.command
async def approve(proposal: str, *, token: Token, strike: str = "", reason: str = "") -> int:
    """Say yes to one call, once.

    Parameters
    ----------
    proposal
        Its id, as the agent or the list names it.
    strike
        Numbers of items that must not run, e.g. 2,5-7.
    reason
        Kept beside the decision.
    """  # the token says it where it is declared
    approvals, me = await _door(token)
    record = await approve_it(approvals, proposal, me, strike, reason)
    Console().print(describe(record), markup=False)
    return 0


@app.command
async def reject(proposal: str, *, token: Token, reason: str) -> int:
    """Say no, and why.

    Parameters
    ----------
    proposal
        Its id.
    reason
        What the agent and its person read.
    """  # the token says it where it is declared
    approvals, me = await _door(token)
    record = await reject_it(approvals, proposal, me, reason)
    Console().print(describe(record), markup=False)
    return 0


async def _door(token: str) -> tuple[LocalApprovals, Caller]:
    settings = Settings()
    me = await Tokens(settings.issuers).verify(token)
    return LocalApprovals(settings.approvals_file, _may_approve), me


def _may_approve(approver: Caller, proposal: Proposal) -> bool:
    action = f"{proposal.server}.approve"
    return load_policy(find(proposal.server)).decide(approver, action).allowed
