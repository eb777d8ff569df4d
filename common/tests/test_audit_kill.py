"""A process is killed at random points under load; no executed write lacks its intent.

Its disk is slow and writes in pieces: kills often leave a torn record, and an intent that was
not waited for would be missing.
"""

import os
import random
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path
from signal import SIGKILL

import pytest

from dragoman.telemetry.read import records
from dragoman.telemetry.verify import verify

WRITER = """
import asyncio, os, random, sys, time
from pathlib import Path
from dragoman.telemetry.disk import SystemDisk
from dragoman.telemetry.journal import Journal, Limits
from dragoman.telemetry.record import Record

class SlowDisk(SystemDisk):
    def write(self, fd, data):
        time.sleep(random.uniform(0, 0.002))
        return super().write(fd, data[: random.randrange(1, 400)])

async def main(folder, number):
    print(os.getpid(), flush=True)
    limits = Limits(segment_bytes=20_000)
    journal = Journal.open(
        folder, server="fixture", instance="a", disk=SlowDisk(), limits=limits
    )
    acts = os.open(folder.with_name("acts"), os.O_CREAT | os.O_APPEND | os.O_WRONLY | os.O_DSYNC)

    async def calls(worker):
        n = 0
        while True:
            call = f"{number}-{worker}-{n}"
            await journal.append(Record(kind="intent", call_id=call, tool="drop_table"))
            os.write(acts, f"{call}\\n".encode())
            os.write(1, b".")
            journal.post(Record(kind="outcome", call_id=call, result="success"))
            n += 1

    await asyncio.gather(*(calls(worker) for worker in range(8)))

for line in sys.stdin:
    if child := os.fork():
        os.waitpid(child, 0)
        print("dead", flush=True)
    else:
        asyncio.run(main(Path(sys.argv[1]), line.strip()))
"""


@pytest.fixture
def kills() -> int:
    return 200 if os.environ.get("DRAGOMAN_PROOFS") == "full" else 8


class Killer:
    """Lets a process write, and kills it -9 in the midst of it."""

    def __init__(self, folder: Path) -> None:
        self.nursery = subprocess.Popen(
            [sys.executable, "-c", WRITER, str(folder)],
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
        )

    def round(self, number: int, acts: int) -> None:
        """Kills after at least so many writes; with none, while the journal is being opened."""
        out, into = self.nursery.stdout, self.nursery.stdin
        assert out is not None
        assert into is not None
        into.write(b"%d\n" % number)
        into.flush()
        writer = int(out.readline())
        assert out.read(acts) == b"." * acts
        os.kill(writer, SIGKILL)
        assert out.readline().lstrip(b".") == b"dead\n"


@pytest.fixture
def killer(tmp_path: Path) -> Iterator[Killer]:
    killer = Killer(tmp_path / "audit")
    with killer.nursery:
        yield killer


@pytest.mark.proof
@pytest.mark.timeout(3600)
def test_kill_at_any_point_leaves_every_executed_write_with_its_intent(
    tmp_path: Path, killer: Killer, kills: int
) -> None:
    folder, seeded = tmp_path / "audit", random.Random(4)
    points = [seeded.choice((0, 1, seeded.randrange(200))) for _ in range(kills)]

    torn = 0
    for number, point in enumerate(points):
        killer.round(number, point)
        report = verify(folder)
        assert report.ok, report.bad
        torn = len(report.torn)

    acts = (tmp_path / "acts").read_text().splitlines()
    intents = {one.record.call_id for one in records(folder) if one.record.kind == "intent"}
    assert len(acts) >= sum(points) > 0
    assert [act for act in acts if act not in intents] == []
    assert torn > 0 or kills < 200
