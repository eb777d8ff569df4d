"""The dragoman command without a server: help, weight, audit, policy, manifest."""

import json
import os
import socket
import subprocess
import sys
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

import anyio
import pytest
from msgspec.structs import replace

from dragoman.auth.caller import Caller
from dragoman.cli import run
from dragoman.cli.output import plain
from dragoman.elicitation.decision import Door, Verdict
from dragoman.elicitation.proposal import Call, draft
from dragoman.elicitation.question import Question
from dragoman.elicitation.store import LocalApprovals
from dragoman.risk import Risk
from dragoman.telemetry.journal import Journal
from dragoman.telemetry.record import Record

COMMANDS = [
    ["approvals", "approve"],
    ["approvals", "list"],
    ["approvals", "reject"],
    ["approvals", "withdraw"],
    ["audit"],
    ["audit", "tail"],
    ["audit", "unfinished"],
    ["audit", "verify"],
    ["call"],
    ["issuer"],
    ["manifest"],
    ["policy", "check"],
    ["policy", "diff"],
    ["policy", "explain"],
    ["serve"],
    ["token"],
    ["tools"],
]


@dataclass(frozen=True)
class Said:
    code: int
    out: str
    err: str


Command = Callable[..., Said]


@pytest.fixture
def dragoman(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> Command:
    monkeypatch.setenv("DRAGOMAN_STATE", str(tmp_path))

    def command(*words: str) -> Said:
        code = run(words)
        said = capsys.readouterr()
        return Said(code, said.out, said.err)

    return command


@pytest.fixture
def journal(tmp_path: Path) -> Path:
    """A journal of one call that ended well, in the folder that DRAGOMAN_STATE names."""
    folder = tmp_path / "audit" / "spark" / "local"

    async def write() -> None:
        book = Journal.open(folder, server="spark", instance="local")
        intent = Record(kind="intent", call_id="1", tool="get_overview", subject="alice")
        await book.append(intent)
        await book.append(replace(intent, kind="outcome", result="success", minutes=5))
        await book.aclose()

    anyio.run(write)
    return folder


@pytest.mark.parametrize("words", COMMANDS, ids=" ".join)
def test_every_command_explains_itself_and_each_of_its_options(
    words: list[str], dragoman: Command, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("COLUMNS", "200")
    said = dragoman(*words, "--help")

    rows = [line.strip("│ ").removeprefix("*").split() for line in said.out.splitlines()]
    options = [row for row in rows if row and row[0].startswith("--")]
    assert said.code == 0
    assert said.out.splitlines()[2].strip().endswith(".")
    assert all(len([word for word in row if not word.isupper()]) > 2 for row in options), options


@pytest.mark.parametrize("words", [["--help"], ["audit"], ["audit", "verify"], ["audit", "tail"]])
def test_what_needs_no_server_loads_neither_the_sdk_nor_a_web_server(
    words: list[str], journal: Path
) -> None:
    code = (
        "import sys\nfrom dragoman.cli import run\n"
        f"run({words!r})\n"
        "heavy = {'mcp', 'uvicorn', 'starlette', 'httpx2', 'cedarpy'} & sys.modules.keys()\n"
        "print('loaded:', sorted(heavy))"
    )
    state = str(journal.parents[2])

    done = subprocess.run(
        [sys.executable, "-c", code],
        env={"DRAGOMAN_STATE": state},
        capture_output=True,
        text=True,
        check=True,
        timeout=25,
    )

    assert done.stdout.splitlines()[-1] == "loaded: []"


def test_the_command_is_also_a_module(journal: Path) -> None:
    done = subprocess.run(
        [sys.executable, "-m", "dragoman.cli", "audit", "verify"],
        env={"DRAGOMAN_STATE": str(journal.parents[2])},
        capture_output=True,
        text=True,
        check=True,
        timeout=25,
    )

    assert done.stdout == "intact spark/local: 2 records in 1 segment\n"


@pytest.mark.usefixtures("journal")
def test_audit_sums_up_and_follows_in_words_and_in_json(dragoman: Command) -> None:
    words = dragoman("audit")
    numbers = json.loads(dragoman("audit", "--json").out)
    tail = [json.loads(line) for line in dragoman("audit", "tail", "--json").out.splitlines()]
    checked = json.loads(dragoman("audit", "verify", "--json").out)

    assert "1 success" in words.out
    assert (numbers["journal"], numbers["calls"], numbers["people"]) == ("spark/local", 1, 1)
    assert [line["record"]["kind"] for line in tail] == ["intent", "outcome"]
    assert checked["ok"] is True


def test_audit_verify_exits_1_on_a_changed_record(journal: Path, dragoman: Command) -> None:
    (segment,) = journal.glob("*.jsonl")
    segment.write_text(segment.read_text().replace("alice", "mallory", 1))

    said = dragoman("audit", "verify")
    summed = dragoman("audit")

    assert said.code == 1
    assert "broken spark/local" in said.out
    assert "spark/local is broken" in summed.out


@pytest.mark.parametrize(
    ("words", "code", "told"),
    [
        (["audit"], 1, "set DRAGOMAN_STATE"),
        (["audit", "tail", "presto/local"], 1, "set DRAGOMAN_STATE"),
        (["policy", "check", "nonsense"], 1, "installed:"),
        (["policy", "explain", "spark", "spark.write"], 2, "it has spark.connect"),
        (
            ["policy", "explain", "spark", "spark.read", "--tool", "x"],
            2,
            "it has find_applications",
        ),
        (["policy", "check", "spark", "--file", "/nonsense"], 2, "cannot be read"),
        (["policy", "diff", "spark", "/nonsense"], 2, "cannot be read"),
        (["issuer", "--people", "/nonsense"], 2, "cannot be read"),
        (["serve", "nonsense"], 1, "installed:"),
        (["token", "alice", "--issuer-url", "http://127.0.0.1:9"], 1, "run `dragoman issuer`"),
    ],
)
def test_what_cannot_be_done_is_one_sentence_that_says_what_to_do(
    words: list[str], code: int, told: str, dragoman: Command
) -> None:
    said = dragoman(*words)

    assert (said.code, said.out) == (code, "")
    assert told in said.err
    assert len(said.err.splitlines()) == 1


def test_a_reader_that_goes_away_is_no_fault(journal: Path) -> None:
    done = subprocess.run(
        ["bash", "-c", f"{sys.executable} -m dragoman.cli audit tail --lines 2 | true"],
        env={"DRAGOMAN_STATE": str(journal.parents[2]), "PATH": os.environ["PATH"]},
        capture_output=True,
        text=True,
        check=False,
        timeout=25,
    )

    assert (done.returncode, done.stderr) == (0, "")


def test_a_port_that_is_taken_is_named(dragoman: Command) -> None:
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", 0))
        taken.listen()
        port = str(taken.getsockname()[1])
        said = dragoman("issuer", "--port", port)

    assert said.code == 1
    assert f"Port {port} of 127.0.0.1 cannot be used" in said.err


def test_a_wrong_setting_is_named_and_its_value_is_not(
    dragoman: Command, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("DRAGOMAN_PORT", "hunter2")

    said = dragoman("audit")

    assert said.code == 2
    assert "DRAGOMAN_PORT" in said.err
    assert "hunter2" not in said.err


@pytest.mark.usefixtures("journal")
def test_calls_without_a_recorded_end_are_listed(tmp_path: Path, dragoman: Command) -> None:
    alice, bob = (
        Caller("alice", issuer="https://idp.test"),
        Caller("bob", issuer="https://idp.test"),
    )

    async def crash() -> str:
        approvals = LocalApprovals(tmp_path / "approvals.sqlite", lambda _who, _what: True)
        call = Call("presto", "run_statements", "s1", {"statements": ["a"]}, "p1", Risk.WRITE)
        proposal = draft(call, alice, Question("Run a?"), 2_000_000_000.0)
        await approvals.propose(proposal)
        await approvals.decide(proposal.id, bob, Verdict(yes=True, door=Door.COMMAND))
        await approvals.consume(proposal, b'{"kind":"intent"}')
        return proposal.id

    before = dragoman("audit", "unfinished")
    proposal = anyio.run(crash)
    after = dragoman("audit", "unfinished")
    as_json = json.loads(dragoman("audit", "unfinished", "--json").out)

    assert (before.code, after.code) == (0, 1)
    assert proposal in after.out
    assert "no outcome recorded" in after.out
    assert "Approved calls without an end: 1." in dragoman("audit").out
    assert (as_json["proposal"], as_json["call"]) == (proposal, "presto.run_statements")


def test_policies_are_checked_explained_and_compared(tmp_path: Path, dragoman: Command) -> None:
    worse = tmp_path / "worse.cedar"
    worse.write_text(
        '@id("all") permit (principal, action == Action::"spark.read", resource is Server);'
    )
    wrong = tmp_path / "wrong.cedar"
    wrong.write_text("permit (")

    sound = dragoman("policy", "check", "spark")
    unsound = dragoman("policy", "check", "spark", "--file", str(wrong))
    no = dragoman("policy", "explain", "spark", "spark.read", "--groups", "sales")
    yes = dragoman("policy", "explain", "spark", "spark.read", "--groups", "data-eng", "--json")
    rows = dragoman("policy", "diff", "spark", str(worse), "--json")

    assert (sound.code, unsound.code, no.code, yes.code, rows.code) == (0, 1, 1, 0, 1)
    assert "needs group data-eng (spark-readers)" in no.out
    assert json.loads(yes.out)["policies"] == ["spark-readers"]
    assert "loses" in {json.loads(row)["change"] for row in rows.out.splitlines()}


def test_a_folder_that_may_not_be_read_is_named(tmp_path: Path, dragoman: Command) -> None:
    odd = tmp_path / "audit" / "spark" / "local" / "00000001.jsonl"
    odd.mkdir(parents=True)

    said = dragoman("audit")

    assert said.code == 1
    assert f"{odd}: Is a directory. Check that you may read" in said.err


def test_manifest_check_writes_nothing_and_exits_1_on_a_stale_one(dragoman: Command) -> None:
    said = dragoman("manifest", "--check", "--json")

    told = [json.loads(line) for line in said.out.splitlines()]
    assert "spark" in {one["server"] for one in told}
    assert not any(one["written"] for one in told)
    assert said.code == int(any(one["stale"] for one in told))


def test_text_of_others_cannot_drive_the_terminal() -> None:
    assert plain("\x1b[2J\u202egone\tkept\nkept\r") == "\ufffd[2J\ufffdgone\tkept\nkept\ufffd"
