"""`make up`: the demo's servers, serving until stopped."""

import json
import signal

from rich.console import Console
from stage import stage


def main() -> None:
    console = Console(highlight=False, soft_wrap=True)
    with stage(issuer_port=8930, spark_port=8931) as scene:
        console.print(f"issuer  {scene.issuer}\nspark   {scene.spark}\nstate   {scene.state}")
        for person in ("alice", "bob"):
            console.print(f"\n{person}'s token (one hour):\n{scene.token(person)}")
        entry = {
            "type": "http",
            "url": scene.spark,
            "headers": {"Authorization": f"Bearer {scene.token('alice')}"},
        }
        console.print("\nmcp.json for an IDE, as alice:")
        console.print_json(json.dumps({"servers": {"spark": entry}}))
        console.print("\nCtrl-C stops.")
        signal.sigwait({signal.SIGINT, signal.SIGTERM})


main()
