"""The official conformance suite, which runs on Node 22: fetched once, pinned, run per revision."""

import asyncio
import json
import re
import shutil
import subprocess
from dataclasses import dataclass
from pathlib import Path
from typing import Any

PACKAGES = {"@modelcontextprotocol/conformance": "0.2.0-alpha.12", "node": "22.23.3"}
REVISIONS = ("2025-11-25", "2026-07-28")


class SuiteMissing(Exception):
    """The suite cannot be fetched or started; the text says what to do."""


@dataclass(frozen=True)
class Scenario:
    """One scenario: how many checks passed, and what failures and warnings said."""

    name: str
    passed: int
    problems: tuple[str, ...]

    @property
    def clean(self) -> bool:
        return not self.problems


@dataclass(frozen=True)
class Outcome:
    """One run. `code` and `comparison` are the suite's own, which knows what was expected."""

    code: int
    comparison: str
    scenarios: tuple[Scenario, ...]

    @property
    def conforms(self) -> bool:
        return self.code == 0 and bool(self.scenarios)


@dataclass(frozen=True)
class Suite:
    node: Path
    program: Path

    async def run(self, url: str, revision: str, folder: Path, expected: Path) -> Outcome:
        """Every scenario of one revision, pending ones too; its output stays in `folder`.

        A failure or warning that `expected` does not list fails the run, and so does an entry
        of it that passes.
        """
        _emptied(folder)
        command = ["server", "--url", url, "--suite", "all", "--spec-version", revision]
        command += ["--output-dir", str(folder), "--expected-failures", str(expected)]
        log = folder / "output.txt"
        with log.open("wb") as output:
            process = await asyncio.create_subprocess_exec(
                self.node, self.program, *command, stdout=output, stderr=subprocess.STDOUT
            )
            code = await process.wait()
        return Outcome(code, _comparison(log), _scenarios(folder))


def fetch(folder: Path) -> Suite:
    """The suite, installed below `folder` unless it is there already. Raises SuiteMissing."""
    modules = folder / "node_modules"
    suite = Suite(
        modules / "node/bin/node", modules / "@modelcontextprotocol/conformance/dist/index.js"
    )
    wanted = json.dumps({"private": True, "dependencies": PACKAGES}, indent=2)
    package = folder / "package.json"
    here = suite.node.exists() and suite.program.exists()
    if here and package.exists() and package.read_text() == wanted:
        return suite
    _install(folder, wanted)
    if not (suite.node.exists() and suite.program.exists()):
        raise SuiteMissing(f"npm left no Node 22 in {modules}: are install scripts turned off?")
    return suite


def _install(folder: Path, wanted: str) -> None:
    npm = shutil.which("npm")
    if npm is None:
        raise SuiteMissing("The conformance suite comes from npm: install Node with npm first.")
    folder.mkdir(parents=True, exist_ok=True)
    package = folder / "package.json"
    package.write_text(wanted)
    log = folder / "npm.txt"
    command = [npm, "install", "--no-audit", "--no-fund", "--no-package-lock"]
    with log.open("wb") as output:
        code = subprocess.call(command, cwd=folder, stdout=output, stderr=subprocess.STDOUT)
    if code:
        package.unlink()
        raise SuiteMissing(f"npm could not install the suite; {log} says why.")


def _emptied(folder: Path) -> None:
    shutil.rmtree(folder, ignore_errors=True)
    folder.mkdir(parents=True)


def _scenarios(folder: Path) -> tuple[Scenario, ...]:
    return tuple(map(_scenario, sorted(folder.glob("*/checks.json"))))


def _scenario(file: Path) -> Scenario:
    checks: list[dict[str, Any]] = json.loads(file.read_text())
    problems = tuple(
        f"{check['id']}: {check.get('errorMessage') or check['description']}"
        for check in checks
        if check["status"] in {"FAILURE", "WARNING"}
    )
    passed = sum(check["status"] == "SUCCESS" for check in checks)
    name = re.sub(r"^server-|-\d{4}-\d\d-\d\dT[\d-]+Z$", "", file.parent.name)
    return Scenario(name, passed, problems)


def _comparison(log: Path) -> str:
    """The end of the suite's output, where it holds what happened against what was expected."""
    plain = re.sub(r"\x1b\[\d+m", "", log.read_text(errors="replace"))
    found = re.search(r"^(Stale baseline|Unexpected failures)", plain, re.MULTILINE)
    return plain[found.start() :].strip() if found else plain[-500:].strip()
