"""`dragoman approvals`: the door where a person, signed in themselves, decides."""

import sys
from dataclasses import dataclass
from functools import cache
from typing import Annotated

from cyclopts import App, Parameter

from dragoman.auth.caller import Caller
from dragoman.auth.issuers import Issuer
from dragoman.auth.policy import Policy
from dragoman.auth.sign_in import Wanted, sign_in
from dragoman.auth.signed_in import signed_in
from dragoman.cli.bearer import bearer
from dragoman.cli.browser import show
from dragoman.cli.configured import configured
from dragoman.cli.form import says_yes
from dragoman.cli.output import LINE, CommandFailed, WrongUse, out, write, write_json
from dragoman.elicitation.decision import MayApprove, Record
from dragoman.elicitation.door import approve as approve_it
from dragoman.elicitation.door import describe, waiting
from dragoman.elicitation.door import reject as reject_it
from dragoman.elicitation.proposal import Proposal
from dragoman.elicitation.store import LocalApprovals
from dragoman.server import find, installed, load_policy
from dragoman.settings import Settings

app = App(
    name="approvals",
    help="List and decide the calls that wait for a person's yes. You sign in yourself, in your "
    "browser: a token that an agent holds is refused here.",
)


@dataclass(frozen=True)
class Proof:
    """How the person proves who they are."""

    token: Annotated[
        str,
        Parameter(
            env_var="DRAGOMAN_TOKEN",
            help="A token for the approvals audience alone, instead of signing in.",
        ),
    ] = ""
    issuer: Annotated[str, Parameter(help="One of DRAGOMAN_ISSUERS; the first when not given.")] = (
        ""
    )
    client_id: Annotated[
        str,
        Parameter(env_var="DRAGOMAN_CLIENT_ID", help="This command's client id at the issuer."),
    ] = "dragoman"
    seconds: Annotated[float, Parameter(help="How long you have to sign in.")] = 180.0


By = Annotated[Proof, Parameter(name="*")]
Id = Annotated[str, Parameter(help="The proposal's id, as the agent or the list names it.")]
AsJson = Annotated[
    bool, Parameter(name="--json", negative="", help="Print one JSON object a line.")
]


@app.command(name="list")
async def list_(*, by: By = Proof(), as_json: AsJson = False) -> int:
    """List what waits for you, each with its exact question."""
    approvals, me = await _door(by)
    records = await waiting(approvals, me)
    for record in records:
        if as_json:
            write_json(_as_json(record))
        else:
            write(describe(record))
            write(LINE)
    if not records and not as_json:
        out().print("Nothing waits for you.")
    return 0


@app.command
async def approve(proposal: Id, /, *, by: By = Proof(), strike: str = "", reason: str = "") -> int:
    """Say yes to one call, once. On a terminal you are shown the question and asked again.

    Parameters
    ----------
    strike
        Numbers of items that must not run, e.g. 2,5-7.
    reason
        Kept beside the decision.
    """
    approvals, me = await _door(by)
    if sys.stdin.isatty():
        await _ask_again(approvals, me, proposal)
    write(describe(await approve_it(approvals, proposal, me, strike, reason)))
    return 0


@app.command
async def reject(proposal: Id, /, *, reason: str, by: By = Proof()) -> int:
    """Say no, and why.

    Parameters
    ----------
    reason
        What the agent and its person read.
    """
    approvals, me = await _door(by)
    write(describe(await reject_it(approvals, proposal, me, reason)))
    return 0


@app.command
async def withdraw(proposal: Id, /, *, by: By = Proof()) -> int:
    """Take back a call that was proposed in your name and has not run."""
    approvals, me = await _door(by)
    write(describe(await approvals.withdraw(proposal, me)))
    return 0


async def _door(by: Proof) -> tuple[LocalApprovals, Caller]:
    settings = configured()
    token = bearer(by.token) or await _sign_in(settings, by)
    me = await signed_in(token, settings.issuers, settings.approvals_address)
    return LocalApprovals(settings.approvals_file, _by_policy()), me


async def _sign_in(settings: Settings, by: Proof) -> str:
    issuer = _issuer(settings.issuers, by.issuer)
    return await sign_in(Wanted(issuer, settings.approvals_address, by.client_id, by.seconds), show)


def _issuer(issuers: tuple[Issuer, ...], named: str) -> Issuer:
    if not issuers:
        raise WrongUse(
            "Nobody can sign in: set DRAGOMAN_ISSUERS as the server has it, "
            "so that its issuer is known here, too."
        )
    if not named:
        return issuers[0]
    found = next((each for each in issuers if each.issuer == named), None)
    if found is None:
        known = ", ".join(each.issuer for each in issuers)
        raise WrongUse(f"No issuer {named} is trusted here. There are: {known}.")
    return found


async def _ask_again(approvals: LocalApprovals, me: Caller, proposal: str) -> None:
    """Raises CommandFailed unless the person says yes to the question that they are shown."""
    record = next(
        (one for one in await waiting(approvals, me) if one.proposal.id == proposal), None
    )
    if record is None:
        return
    write(describe(record))
    if not says_yes("Approve this call, once?"):
        raise CommandFailed("Nothing was decided: the call still waits.")


def _by_policy() -> MayApprove:
    """Asks the policy of the server that a proposal is for, which must be installed here."""

    @cache
    def policy(server: str) -> Policy:
        return load_policy(find(server))

    def may_approve(approver: Caller, proposal: Proposal) -> bool:
        if proposal.server not in installed():
            return False
        return policy(proposal.server).decide(approver, f"{proposal.server}.approve").allowed

    return may_approve


def _as_json(record: Record) -> dict[str, object]:
    proposal = record.proposal
    return {
        "id": proposal.id,
        "state": record.state.value,
        "status": record.status(),
        "person": proposal.person.subject,
        "surface": proposal.surface,
        "server": proposal.server,
        "tool": proposal.tool,
        "risk": proposal.risk.value,
        "four_eyes": proposal.four_eyes,
        "arguments": proposal.shown,
        "question": proposal.question.text,
        "items": [item.text for item in proposal.question.items],
        "expires": proposal.expires,
    }
