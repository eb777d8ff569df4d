"""`make up`: the demo's servers, serving until stopped."""

import json
import shlex
import signal
from pathlib import Path
from tempfile import TemporaryDirectory
from threading import Event
from types import FrameType

import spark_journey
from rich.console import Console
from stage import Stage, stage

ISSUER_PORT, PORTS = 8930, {"spark": 8931}


def main() -> int:
    """Serves until SIGINT or SIGTERM, or until a part of it ends by itself."""
    console = Console(highlight=False, soft_wrap=True)
    stop = Event()

    def told(number: int, frame: FrameType | None) -> None:
        del number, frame
        stop.set()

    for number in (signal.SIGINT, signal.SIGTERM):
        signal.signal(number, told)
    with TemporaryDirectory(prefix="dragoman-up-") as folder:
        state = Path(folder)
        backends = {"spark": spark_journey.settings(state)}
        with stage(backends, state, ISSUER_PORT, PORTS) as scene:
            introduce(scene, console)
            while not stop.wait(0.5) and not scene.ended():
                pass
            ended = scene.ended()
    console.print(
        f"{ended} stopped by itself; all is stopped" if ended else "stopped; state removed"
    )
    return int(bool(ended))


def introduce(scene: Stage, console: Console) -> None:
    """What one needs to go on, ready to be pasted."""
    console.print(f"issuer  {scene.issuer}\nstate   {scene.state}")
    entries: dict[str, object] = {}
    for server, address in scene.servers.items():
        console.print(f"{server:<7} {address}")
        for person in ("alice", "bob"):
            console.print(f"\n{person}'s token (one hour):\n{scene.token(person, server)}")
        bearer = f"Bearer {scene.token('alice', server)}"
        entries[server] = {"type": "http", "url": address, "headers": {"Authorization": bearer}}
    console.print("\nmcp.json for VS Code, as alice (other clients call it `mcpServers`):")
    console.print_json(json.dumps({"servers": entries}))
    console.print("\nFor the command in another terminal:")
    for name, value in scene.environment("spark").items():
        console.print(f"export {name}={shlex.quote(value)}", markup=False)
    console.print("export DRAGOMAN_TOKEN=…     # alice's or bob's; unset it for `approvals`")
    console.print(".venv/bin/dragoman tools")
    console.print("\nCtrl-C stops.")


if __name__ == "__main__":
    raise SystemExit(main())
