"""One yes, one use: under threads, under processes, and after a kill."""

import os
import random
import subprocess
import sys
import threading
from collections import Counter
from collections.abc import Awaitable, Callable
from pathlib import Path

import anyio
import pytest

from dragoman.auth.caller import Caller
from dragoman.elicitation.decision import Door, State, Verdict
from dragoman.elicitation.proposal import Call, Proposal, draft
from dragoman.elicitation.question import Question
from dragoman.elicitation.store import LocalApprovals
from dragoman.errors import ApprovalRefused
from dragoman.risk import Risk

AGENT = Caller("alice", issuer="https://idp.example", surface="chat")
BOB = Caller("bob", issuer="https://idp.example")
YES = Verdict(yes=True, door=Door.COMMAND)
NO = Verdict(yes=False, door=Door.COMMAND, reason="no")
FAR = 9e9


@pytest.fixture
def anyio_backend() -> str:
    return "asyncio"


@pytest.fixture
def times() -> int:
    """How often chance gets its chance: a sample, or all of it with DRAGOMAN_PROOFS=full."""
    return 1_000 if os.environ.get("DRAGOMAN_PROOFS") == "full" else 12


@pytest.fixture
def path(tmp_path: Path) -> Path:
    return tmp_path / "approvals.sqlite"


def open_store(path: Path, clock: Callable[[], float] = lambda: 1_000.0) -> LocalApprovals:
    return LocalApprovals(path, lambda _who, _what: True, clock, busy_seconds=60.0)


def proposal(table: str = "a", life: float = FAR) -> Proposal:
    call = Call("demo", "drop", "schema-1", {"table": table}, "policy-1", Risk.DESTROY)
    return draft(call, AGENT, Question(f"Drop {table}?"), 1_000.0, life)


def approved(path: Path, one: Proposal) -> None:
    async def approve() -> None:
        store = open_store(path)
        await store.propose(one)
        await store.decide(one.id, BOB, YES)

    anyio.run(approve)


async def outcome(attempt: Awaitable[object]) -> str:
    try:
        await attempt
    except ApprovalRefused:
        return "refused"
    return "won"


@pytest.mark.proof
@pytest.mark.timeout(900)
def test_of_many_threads_that_use_one_approval_exactly_one_wins(path: Path, times: int) -> None:
    one = proposal()
    approved(path, one)
    ready = threading.Barrier(4)
    tally: list[str] = []

    async def many(store: LocalApprovals) -> None:
        async def use() -> None:
            tally.append(await outcome(store.consume(one, b"intent")))

        async with anyio.create_task_group() as tasks:
            for _ in range(times // 4):
                tasks.start_soon(use)

    def run() -> None:
        ready.wait()
        anyio.run(many, open_store(path))

    threads = [threading.Thread(target=run) for _ in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()

    assert Counter(tally) == {"won": 1, "refused": times // 4 * 4 - 1}


USE_ALL = """
import os, sys
from pathlib import Path
import anyio
from dragoman.elicitation.store import LocalApprovals
from dragoman.errors import ApprovalRefused

async def use(ids):
    store = LocalApprovals(Path(sys.argv[1]), lambda who, what: True, lambda: 1000.0, 60.0)
    for proposal_id in ids:
        record = await store.get(proposal_id)
        try:
            await store.consume(record.proposal, b"intent")
        except ApprovalRefused:
            continue
        os.write(1, f"{proposal_id}\\n".encode())

ids = sys.stdin.read().split()
for _ in range(4):
    if os.fork() == 0:
        anyio.run(use, ids)
        os._exit(0)
sys.exit(max(os.waitstatus_to_exitcode(os.wait()[1]) for _ in range(4)))
"""


@pytest.mark.proof
@pytest.mark.timeout(900)
def test_of_several_processes_that_use_the_same_approvals_one_wins_each(
    path: Path, times: int
) -> None:
    proposals = [proposal(f"t{number}") for number in range(times)]

    async def approve_all() -> None:
        store = open_store(path)
        for one in proposals:
            await store.propose(one)
            await store.decide(one.id, BOB, YES)

    anyio.run(approve_all)
    ids = [one.id for one in proposals]
    ran = subprocess.run(
        [sys.executable, "-c", USE_ALL, str(path)],
        input=" ".join(ids),
        capture_output=True,
        text=True,
        check=True,
    )

    assert sorted(ran.stdout.split()) == sorted(ids)


@pytest.mark.proof
@pytest.mark.timeout(900)
@pytest.mark.anyio
async def test_deciding_withdrawing_expiring_and_using_leave_one_story(
    path: Path, times: int
) -> None:
    chance = random.Random(7)
    clock = 1_000.0
    store = open_store(path, lambda: clock)
    for round_number in range(times):
        one = proposal(f"t{round_number}", life=10.0 + round_number * 100)
        await store.propose(one)
        results: list[tuple[str, str]] = []
        moves: list[tuple[str, Callable[[], Awaitable[object]]]] = [
            ("approve", lambda one=one: store.decide(one.id, BOB, YES)),
            ("reject", lambda one=one: store.decide(one.id, BOB, NO)),
            ("withdraw", lambda one=one: store.withdraw(one.id, AGENT)),
            ("use", lambda one=one: store.consume(one, b"intent")),
            ("use", lambda one=one: store.consume(one, b"intent")),
        ]
        chance.shuffle(moves)

        async def play(
            name: str,
            move: Callable[[], Awaitable[object]],
            results: list[tuple[str, str]] = results,
        ) -> None:
            results.append((name, await outcome(move())))

        async with anyio.create_task_group() as tasks:
            for name, move in moves:
                tasks.start_soon(play, name, move)
        won = Counter(name for name, result in results if result == "won")
        record = await store.get(one.id)

        assert won["use"] <= won["approve"]
        assert won["approve"] + won["reject"] <= 1
        assert won["use"] + won["withdraw"] + won["reject"] <= 1
        assert (record.state is State.CONSUMED) == (won["use"] == 1)
        clock += chance.choice([0.0, 1.0, 50.0])


RUN_UNTIL_KILLED = """
import os, random, signal, sys
from pathlib import Path
import anyio
from dragoman.auth.caller import Caller
from dragoman.elicitation.decision import Door, Verdict
from dragoman.elicitation.proposal import Call, draft
from dragoman.elicitation.question import Question
from dragoman.elicitation.store import LocalApprovals
from dragoman.risk import Risk

AGENT = Caller("alice", issuer="https://idp.example", surface="chat")
BOB = Caller("bob", issuer="https://idp.example")

async def run(out):
    store = LocalApprovals(Path(sys.argv[1]), lambda who, what: True, lambda: 1000.0, 60.0)
    number = 0
    while True:
        number += 1
        call = Call("demo", "drop", "s", {"table": f"{os.getpid()}.{number}"}, "p", Risk.DESTROY)
        one = draft(call, AGENT, Question("Drop?"), 1000.0, 9e9)
        await store.propose(one)
        await store.decide(one.id, BOB, Verdict(yes=True, door=Door.COMMAND))
        await store.consume(one, one.id.encode())
        os.write(out, f"{one.id}\\n".encode())
        await store.finish(one.id, "success")

chance = random.Random(11)
for _ in range(int(sys.argv[2])):
    inward, outward = os.pipe()
    child = os.fork()
    if child == 0:
        anyio.run(run, outward)
    os.close(outward)
    with os.fdopen(inward) as executed:
        lines = [executed.readline() for _ in range(chance.randint(1, 20))]
        os.kill(child, signal.SIGKILL)
        os.waitpid(child, 0)
        print("".join(lines) + executed.read())
"""


@pytest.mark.proof
@pytest.mark.timeout(900)
def test_after_a_kill_whatever_ran_is_used_up_and_says_how_it_ended_or_what_to_check(
    path: Path, times: int
) -> None:
    kills = max(3, times // 5)
    ran = subprocess.run(
        [sys.executable, "-c", RUN_UNTIL_KILLED, str(path), str(kills)],
        capture_output=True,
        text=True,
        check=True,
    )
    executed = ran.stdout.split()

    async def check() -> None:
        store = open_store(path)
        for proposal_id in executed:
            record = await store.get(proposal_id)

            assert record.state is State.CONSUMED
            assert record.status().startswith(("used at", "unknown: started at"))
            with pytest.raises(ApprovalRefused, match="already used"):
                await store.consume(record.proposal, b"again")

    assert len(executed) >= kills
    anyio.run(check)
