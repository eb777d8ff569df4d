"""The demo: real servers and real clients. `python demo/journey.py [NAME …]`, all without names."""

import sys
from pathlib import Path
from tempfile import TemporaryDirectory

import anyio
import spark_journey
from stage import stage
from telling import command

JOURNEYS = {"spark": spark_journey}


def main(wanted: list[str]) -> None:
    unknown = set(wanted) - set(JOURNEYS)
    if unknown:
        raise SystemExit(f"no journey {', '.join(unknown)}; there are {', '.join(JOURNEYS)}")
    with TemporaryDirectory(prefix="dragoman-demo-") as folder:
        state = Path(folder)
        chosen = {name: JOURNEYS[name] for name in wanted or JOURNEYS}
        backends = {name: journey.settings(state) for name, journey in chosen.items()}
        with stage(backends, state) as scene:
            for name, journey in chosen.items():
                anyio.run(journey.journey, scene)
                command(scene, name, "audit", "tail", "--lines", "12")
            first = next(iter(chosen))
            command(scene, first, "audit")
            command(scene, first, "audit", "verify")


main(sys.argv[1:])
