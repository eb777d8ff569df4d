"""Alice asks why a real Spark application failed; bob does not even see the tool."""

import json
import shutil
from pathlib import Path

from stage import Stage
from telling import ask, console, offered, settled

from dragoman.cli.client import connected

CORPUS = Path(__file__).resolve().parent.parent / "servers/spark/tests/corpus"
APPLICATION = "sessionize_events"


def settings(state: Path) -> dict[str, str]:
    """The recorded runs under names that give nothing away, and without their answers."""
    logs = state / "logs"
    for number, run in enumerate(sorted(path for path in CORPUS.iterdir() if path.is_dir())):
        answers = shutil.ignore_patterns("exit_code.txt", "truth.json")
        shutil.copytree(run, logs / f"run-{number:02}", ignore=answers)
    return {"DRAGOMAN_SPARK_ROOTS": json.dumps([{"name": "logs", "url": str(logs)}])}


async def journey(scene: Stage) -> None:
    console.rule("Spark: alice, of group data-eng")
    async with connected(scene.servers["spark"], scene.token("alice", "spark")) as client:
        await offered(client)
        listed = await ask(client, "find_applications", text=APPLICATION)
        found = listed["applications"][0]["application_id"]
        verdict = await ask(client, "diagnose_application", application_id=found)
        first = verdict["evidence"][0]
        place = {name: first[name] for name in ("file", "offset", "line", "sha256")}
        opened = await ask(client, "read_log", **place, lines=1)
        settled(opened.get("unchanged") is True, "the evidence does not open to the same line")
    console.rule("Spark: bob, of group sales")
    async with connected(scene.servers["spark"], scene.token("bob", "spark")) as client:
        settled(not await offered(client), "bob sees a tool")
        await ask(client, "diagnose_application", application_id=found)
