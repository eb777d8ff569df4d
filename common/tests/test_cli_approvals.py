"""`dragoman approvals`: a person decides, an agent cannot, whatever token it holds."""

import json
import os
import re
import subprocess
import sys
from collections.abc import Callable, Generator, Mapping
from dataclasses import dataclass
from pathlib import Path

import anyio
import httpx2
import pytest
from cli_stage import Stage, Typed, install, stage
from test_cli_sign_in import press

from dragoman.auth.issuer import Grant
from dragoman.cli import run

SIGN_IN_AT = re.compile(r"^http://127\.0\.0\.1:\d+/authorize\?\S+$")


@pytest.fixture(scope="module")
def served(tmp_path_factory: pytest.TempPathFactory) -> Generator[Stage]:
    with stage(tmp_path_factory.mktemp("state")) as running:
        yield running


@pytest.fixture(scope="module")
def wheel(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("wheel")
    install(folder)
    return folder


@dataclass(frozen=True)
class Said:
    code: int
    out: str
    err: str


@dataclass(frozen=True)
class Desk:
    """Two terminals: the agent's, which calls tools, and the door."""

    served: Stage
    command: Callable[..., Said]

    def agent(self, *words: str, person: str = "alice") -> Said:
        return self.command("call", *words, token=self.served.token(person))

    def proposed(self, *words: str) -> str:
        """The id under which a dangerous call waits."""
        found = re.search(r"approvals approve (\w+)", self.agent(*words).out)
        assert found
        return found[1]

    def decide(self, *words: str, person: str = "carol", token: str = "") -> Said:
        own = token or self.served.own_token(person)
        return self.command("approvals", *words, token=own)


@pytest.fixture
def desk(
    served: Stage,
    wheel: Path,
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
) -> Desk:
    monkeypatch.setattr(sys, "path", [str(wheel), *sys.path])
    for name, value in served.environment.items():
        monkeypatch.setenv(name, value)

    def command(*words: str, token: str = "") -> Said:
        monkeypatch.setenv("DRAGOMAN_TOKEN", token)
        code = run(words)
        said = capsys.readouterr()
        return Said(code, said.out, said.err)

    return Desk(served, command)


def test_a_person_who_signed_in_approves_and_the_call_runs_once(desk: Desk) -> None:
    waiting = desk.proposed("move_ship", "ship=swan")

    listed = [json.loads(line) for line in desk.decide("list", "--json").out.splitlines()]
    approved = desk.decide("approve", waiting, "--reason", "tide is right")
    first = desk.agent("move_ship", "ship=swan")
    second = desk.agent("move_ship", "ship=swan")

    (mine,) = [one for one in listed if one["id"] == waiting]
    assert (mine["tool"], mine["risk"], mine["person"]) == ("move_ship", "write", "alice")
    assert "Move swan to 1 for alice?" in mine["question"]
    assert approved.code == 0
    assert "approved by carol" in approved.out
    assert (first.code, second.code) == (0, 1)
    assert desk.served.sea.acts.count("moved swan to 1") == 1


@pytest.mark.parametrize("verb", [["approve"], ["reject", "--reason", "x"], ["withdraw"]])
def test_the_agents_own_token_for_the_server_decides_nothing(verb: list[str], desk: Desk) -> None:
    waiting = desk.proposed("sink_ship", "ship=kite")

    said = desk.decide(*verb, waiting, token=desk.served.token("alice"))

    assert (said.code, said.out) == (1, "")
    assert "Leave out --token and DRAGOMAN_TOKEN to sign in yourself" in said.err
    assert desk.agent("sink_ship", "ship=kite").code == 1
    assert "sank kite" not in desk.served.sea.acts


@pytest.mark.parametrize(
    ("claims", "told"),
    [
        ({"act": {"sub": "chat"}}, "given to an agent"),
        ({"client_id": "carol"}, "belongs to a service"),
        ({"exp": 1}, "expired"),
        ({"aud": "https://elsewhere.test/approvals"}, "not one for deciding"),
    ],
)
def test_a_token_that_proves_no_person_decides_nothing(
    claims: Mapping[str, object], told: str, desk: Desk
) -> None:
    waiting = desk.proposed("sink_ship", "ship=tern")
    usual = {"sub": "carol", "groups": ["captains"], "aud": desk.served.settings.approvals_address}

    said = desk.decide("approve", waiting, token=desk.served.issuer.sign({**usual, **claims}))

    assert said.code == 1
    assert told in said.err
    assert "Traceback" not in said.err


def test_a_token_of_the_door_opens_no_server(desk: Desk) -> None:
    said = desk.command("tools", token=desk.served.own_token("carol"))

    assert said.code == 1
    assert "meant for another server" in said.err


def test_two_people_are_needed_where_the_tool_says_so(desk: Desk) -> None:
    waiting = desk.proposed("scuttle_ship", "ship=crow")

    own = desk.decide("approve", waiting, person="alice")
    other = desk.decide("approve", waiting, person="carol")
    ran = desk.agent("scuttle_ship", "ship=crow")

    assert own.code == 1
    assert "another person" in own.err
    assert (other.code, ran.code) == (0, 0)


@pytest.mark.parametrize("person", ["dave", "bob"])
def test_who_may_not_approve_is_told_and_sees_nothing(person: str, desk: Desk) -> None:
    waiting = desk.proposed("move_ship", "ship=wren")

    listed = desk.decide("list", person=person)
    said = desk.decide("approve", waiting, person=person)

    assert listed.out == "Nothing waits for you.\n"
    assert said.code == 1
    assert "no policy permits harbour.approve" in said.err


def test_a_person_rejects_and_the_agent_is_told_why(desk: Desk) -> None:
    waiting = desk.proposed("move_ship", "ship=duck")

    said = desk.decide("reject", waiting, "--reason", "low tide")

    assert said.code == 0
    assert "low tide" in desk.agent("move_ship", "ship=duck").out


def test_only_the_person_it_was_made_for_withdraws(desk: Desk) -> None:
    waiting = desk.proposed("move_ship", "ship=loon")

    other = desk.decide("withdraw", waiting, person="carol")
    own = desk.decide("withdraw", waiting, person="alice")
    late = desk.decide("approve", waiting, person="carol")

    assert (other.code, own.code, late.code) == (1, 0, 1)
    assert "withdrawn" in own.out


def test_struck_items_do_not_run(desk: Desk) -> None:
    waiting = desk.proposed("move_ships", 'ships=["a1", "b2", "c3"]')

    nonsense = desk.decide("approve", waiting, "--strike", "9")
    desk.decide("approve", waiting, "--strike", "2")
    desk.agent("move_ships", 'ships=["a1", "b2", "c3"]')

    assert nonsense.code == 1
    assert "moved a1, c3" in desk.served.sea.acts


@pytest.mark.parametrize(("typed", "code"), [("n\n", 1), ("\n", 1), ("", 1), ("y\n", 0)])
def test_at_a_terminal_the_question_is_shown_before_the_yes(
    typed: str, code: int, desk: Desk, monkeypatch: pytest.MonkeyPatch
) -> None:
    waiting = desk.proposed("move_ship", f"ship=terminal{typed!r}")
    monkeypatch.setattr(sys, "stdin", Typed(typed))

    said = desk.decide("approve", waiting)

    assert said.code == code
    assert "Move terminal" in said.out


def test_a_proposal_that_is_not_there_is_told(desk: Desk) -> None:
    said = desk.decide("approve", "0000")

    assert said.code == 1
    assert "no proposal with this id" in said.err


@pytest.mark.parametrize(
    ("issuers", "words", "told"),
    [
        ("[]", [], "set DRAGOMAN_ISSUERS"),
        (None, ["--issuer", "https://other.test"], "No issuer https://other.test is trusted"),
        ("nonsense", [], "DRAGOMAN_ variable"),
        ('[{"issuer": "x", "audience": [], "jwks_uri": "x"}]', [], "DRAGOMAN_ISSUERS 0 audience"),
    ],
)
def test_where_nobody_can_sign_in_the_setting_is_named(
    issuers: str | None,
    words: list[str],
    told: str,
    desk: Desk,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    if issuers is not None:
        monkeypatch.setenv("DRAGOMAN_ISSUERS", issuers)

    said = desk.command("approvals", "list", *words)

    assert said.code == 2
    assert told in said.err


def test_without_a_token_the_person_signs_in_with_a_browser(
    served: Stage, wheel: Path, desk: Desk
) -> None:
    waiting = desk.proposed("sink_ship", "ship=gannet")
    places = os.pathsep.join([str(wheel), str(Path(__file__).parent)])
    command = [sys.executable, "-m", "dragoman.cli", "approvals", "approve", waiting]
    process = subprocess.Popen(
        command,
        env={"PATH": os.environ["PATH"], "PYTHONPATH": places, **served.environment},
        stdin=subprocess.DEVNULL,
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
    )
    with process:
        assert process.stderr is not None
        address = next(line for line in process.stderr if SIGN_IN_AT.match(line)).strip()
        anyio.run(_browse, address)
        out, _ = process.communicate(timeout=20)

    assert process.returncode == 0
    assert "approved by carol" in out
    assert desk.agent("sink_ship", "ship=gannet").code == 0


async def _browse(address: str) -> None:
    async with httpx2.AsyncClient() as client:
        await press("carol")(client, address)


def test_dragoman_token_prints_one_for_the_door_alone(desk: Desk) -> None:
    place = ["--issuer-url", desk.served.issuer.url]
    token = desk.command("token", "carol", "--approvals", *place).out.strip()

    assert desk.decide("list", token=token).code == 0
    assert desk.command("tools", token=token).code == 1


def test_a_grant_for_the_server_is_never_one_for_the_door(desk: Desk) -> None:
    both = Grant("carol", desk.served.settings.address, scope="harbour:approve approvals")

    assert desk.decide("list", token=desk.served.issuer.access_token(both)).code == 1
