"""Runs one benchmark, or all of them: `python bench [NAME]`. Each ends with one JSON line."""

import subprocess
import sys
from pathlib import Path

FOLDER = Path(__file__).resolve().parent


def names() -> list[str]:
    """Every benchmark here: the files that report."""
    return sorted(
        path.stem
        for path in FOLDER.glob("*.py")
        if "from report import report" in path.read_text() and path.stem != "__main__"
    )


def main(chosen: list[str]) -> int:
    unknown = set(chosen) - set(names())
    if unknown:
        print(f"no benchmark {', '.join(unknown)}; there are: {', '.join(names())}")
        return 2
    for name in chosen or names():
        subprocess.run([sys.executable, str(FOLDER / f"{name}.py")], check=True)
    return 0


sys.exit(main(sys.argv[1:]))
