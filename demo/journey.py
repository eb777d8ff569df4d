"""The demo: real backends, real servers, real clients. `python demo [spark|airflow|presto …]`."""

import sys
from collections.abc import Awaitable, Callable
from pathlib import Path
from tempfile import TemporaryDirectory
from types import ModuleType

import anyio
import spark_journey
from stage import Stage, stage
from telling import command

JOURNEYS: dict[str, ModuleType] = {"spark": spark_journey}


async def travel(scene: Stage, journey: Callable[[Stage], Awaitable[None]]) -> None:
    await journey(scene)


def main(wanted: list[str]) -> None:
    unknown = set(wanted) - set(JOURNEYS)
    if unknown:
        raise SystemExit(f"no journey {', '.join(unknown)}; there are {', '.join(JOURNEYS)}")
    with TemporaryDirectory(prefix="dragoman-demo-") as folder:
        state = Path(folder)
        chosen = {name: JOURNEYS[name] for name in wanted or JOURNEYS}
        backends = {name: journey.settings(state) for name, journey in chosen.items()}
        with stage(backends, state) as scene:
            for journey in chosen.values():
                anyio.run(travel, scene, journey.journey)
                journey.afterwards(scene)
            command(scene, next(iter(chosen)), "audit")
            command(scene, next(iter(chosen)), "audit", "verify")


main(sys.argv[1:])
