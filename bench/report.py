"""The one JSON line that a benchmark ends with."""

import json
import os
import platform
from importlib.metadata import version

Figure = bool | float | int | str


def report(bench: str, *packages: str, **figures: Figure) -> None:
    """Print the line: the figures, and the Python, cores and package versions behind them."""
    environment = {
        "python": platform.python_version(),
        "cores": len(os.sched_getaffinity(0)),
        **{package: version(package) for package in packages},
    }
    print(json.dumps({"bench": bench, **figures, "environment": environment}))
