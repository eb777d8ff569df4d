"""`dragoman tools` and `dragoman call` against a real server over real sockets."""

import asyncio
import io
import json
import sys
from collections.abc import Callable, Generator
from dataclasses import dataclass

import pytest
from cli_stage import Stage, Typed, stage
from rich.console import Console

from dragoman.cli import run
from dragoman.cli.waiting import waiting


@dataclass(frozen=True)
class Said:
    code: int
    out: str
    err: str


Command = Callable[..., Said]


@pytest.fixture(scope="module")
def served(tmp_path_factory: pytest.TempPathFactory) -> Generator[Stage]:
    with stage(tmp_path_factory.mktemp("state")) as running:
        yield running


@pytest.fixture
def dragoman(
    served: Stage, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> Command:
    for name, value in served.environment.items():
        monkeypatch.setenv(name, value)

    def command(*words: str, token: str = "") -> Said:
        monkeypatch.setenv("DRAGOMAN_TOKEN", token)
        code = run(words)
        said = capsys.readouterr()
        return Said(code, said.out, said.err)

    return command


def test_tools_shows_what_each_risks(served: Stage, dragoman: Command) -> None:
    said = dragoman("tools", token=served.token("carol"))

    rows = {line.split()[0]: line.split()[1] for line in said.out.splitlines()}
    assert said.code == 0
    assert (rows["find_ships"], rows["save_note"]) == ("read", "own")
    assert (rows["move_ship"], rows["sink_ship"]) == ("write", "destroy")


def test_tools_as_json_is_what_the_server_lists(served: Stage, dragoman: Command) -> None:
    said = dragoman("tools", "--json", token=served.token("dave"))

    listed = {tool["name"]: tool["_meta"]["dragoman/risk"] for tool in json.loads(said.out)}
    assert listed["find_ships"] == "read"
    assert "sink_ship" not in listed


def test_tools_says_so_when_there_are_none(served: Stage, dragoman: Command) -> None:
    assert dragoman("tools", token=served.token("bob")) == Said(0, "No tools for you here.\n", "")


def test_call_prints_the_answer_and_nothing_else(served: Stage, dragoman: Command) -> None:
    token = served.token("carol")

    plain = dragoman("call", "find_ships", "text=gull", "limit=3", token=token)
    as_json = dragoman("call", "find_ships", "text=gull", "limit=3", "--json", token=token)

    assert (plain.code, plain.err) == (0, "")
    assert "found gull 3" in plain.out
    assert json.loads(as_json.out) == {"done": "found gull 3"}


@pytest.mark.parametrize(
    ("words", "told"),
    [
        (["find_ship"], "Tools that you may call here: find_ships"),
        (["find_ships", "tex=gull"], "unknown argument `tex`"),
        (["find_ships", "limit=many"], "argument `limit`"),
        (["find_berth"], "The dock is full"),
    ],
)
def test_a_call_that_cannot_be_done_says_what_to_do_and_exits_1(
    words: list[str], told: str, served: Stage, dragoman: Command
) -> None:
    said = dragoman("call", *words, token=served.token("carol"))

    assert said.code == 1
    assert told in said.out + said.err


@pytest.mark.parametrize(
    "words",
    [
        ["call"],
        ["call", "find_ships", "gull"],
        ["call", "find_ships", "=gull"],
        ["call", "find_ships", "text=a", "text=b"],
        ["call", "find_ships", "--nonsense"],
        ["nonsense"],
        ["serve", "harbour", "--port", "many"],
    ],
)
def test_a_command_that_is_not_understood_exits_2(words: list[str], dragoman: Command) -> None:
    said = dragoman(*words)

    assert (said.code, said.out) == (2, "")
    assert said.err


def test_an_expired_token_is_told_in_one_sentence(served: Stage, dragoman: Command) -> None:
    claims = {"sub": "carol", "aud": served.settings.address, "exp": 1}

    said = dragoman("tools", token=served.issuer.sign(claims))

    assert (said.code, said.out) == (1, "")
    assert "The token has expired. Get a new one and try again." in said.err
    assert "dragoman token PERSON" in said.err


def test_no_token_at_all_is_told_in_one_sentence_with_the_scope_to_ask_for(
    dragoman: Command,
) -> None:
    said = dragoman("tools")

    assert "needs to know who calls" in said.err
    assert "/mcp --scope harbour:read` prints a token" in said.err


@pytest.mark.parametrize("pasted", ["Bearer {}", "bearer  {}\n", "\t{} "])
def test_a_token_works_however_it_was_pasted(pasted: str, served: Stage, dragoman: Command) -> None:
    said = dragoman("tools", token=pasted.format(served.token("dave")))

    assert (said.code, said.err) == (0, "")


@pytest.mark.parametrize("token", ["to\nken", "tök€n", "tok\x7fen", "“token”"])
def test_a_token_that_no_header_can_carry_is_told_as_such(token: str, dragoman: Command) -> None:
    said = dragoman("tools", token=token)

    assert (said.code, said.out) == (2, "")
    assert said.err == "The token holds characters that a header cannot carry. Copy it again.\n"


def test_a_missing_scope_is_named(served: Stage, dragoman: Command) -> None:
    said = dragoman(
        "call", "move_ship", "ship=gull", token=served.token("carol", scope="harbour:read")
    )

    assert said.code == 1
    assert "add --scope harbour:write to" in said.err


@pytest.mark.parametrize(
    ("url", "told"),
    [
        ("http://127.0.0.1:9/mcp", "No server answers at http://127.0.0.1:9/mcp"),
        ("harbour", "No server answers at harbour"),
        ("http://[::1", "No server answers"),
    ],
)
def test_a_server_that_is_not_there_is_named(url: str, told: str, dragoman: Command) -> None:
    said = dragoman("tools", "--url", url, token="x")

    assert said.code == 1
    assert told in said.err
    assert "Traceback" not in said.err


def test_an_address_without_a_server_is_named(served: Stage, dragoman: Command) -> None:
    url = f"{served.settings.base_url}/healthz"

    said = dragoman("tools", "--url", url, token=served.token("carol"))

    assert said.code == 1
    assert url in said.err


def test_without_a_terminal_a_dangerous_call_waits_and_names_the_door(
    served: Stage, dragoman: Command
) -> None:
    said = dragoman("call", "move_ship", "ship=rook", token=served.token("carol"))

    assert said.code == 1
    assert "dragoman approvals approve" in said.out
    assert "moved rook to 1" not in served.sea.acts


@pytest.mark.parametrize(
    ("typed", "code"), [("y\n\n", 0), ("YES\nok\n", 0), ("\n\n", 1), ("y\n", 1), ("", 1)]
)
def test_at_a_terminal_a_call_runs_only_on_a_typed_yes(
    typed: str, code: int, served: Stage, dragoman: Command, monkeypatch: pytest.MonkeyPatch
) -> None:
    ship = f"ship{typed!r}{code}"
    monkeypatch.setattr(sys, "stdin", Typed(typed))

    said = dragoman("call", "move_ship", f"ship={ship}", token=served.token("carol"))

    assert said.code == code
    assert f"Move {ship} to 1 for carol?" in said.err + said.out
    assert (f"moved {ship} to 1" in served.sea.acts) == (code == 0)


def test_items_that_a_person_leaves_out_at_the_terminal_do_not_run(
    served: Stage, dragoman: Command, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(sys, "stdin", Typed("y\n\ny\nn\n\nx\n"))

    said = dragoman(
        "call", "move_ships", 'ships=["kept", "out", "usual", "odd"]', token=served.token("carol")
    )

    assert said.code == 0
    assert "moved kept, usual" in served.sea.acts


@pytest.mark.parametrize(("seconds", "shown"), [(0.0, True), (60.0, False)])
def test_a_bar_shows_only_on_what_takes_long(seconds: float, shown: bool) -> None:  # noqa: FBT001  # an expectation
    drawn = io.StringIO()
    screen = Console(file=drawn, force_terminal=True)

    async def work() -> None:
        with waiting("tide", screen, seconds) as bar:
            await asyncio.sleep(0)
            await bar.show(1, 2, "half \x1b[2Jway")
            await asyncio.sleep(0)

    asyncio.run(work())

    assert ("half \ufffd[2Jway" in drawn.getvalue(), bool(drawn.getvalue())) == (shown, shown)


def test_no_bar_shows_where_there_is_no_terminal() -> None:
    drawn = io.StringIO()
    screen = Console(file=drawn)

    async def work() -> None:
        with waiting("tide", screen, 0.0):
            await asyncio.sleep(0)
            await asyncio.sleep(0)

    asyncio.run(work())

    assert drawn.getvalue() == ""
