"""The house rules that can be measured, for every member there is and will be."""

import ast
import fnmatch
import importlib.metadata
import re
import statistics
import subprocess
import sys
import tomllib
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

ROOT = Path(__file__).resolve().parent.parent
WORKSPACE: dict[str, Any] = tomllib.loads((ROOT / "pyproject.toml").read_text())
MEMBERS = sorted(
    project
    for pattern in WORKSPACE["tool"]["uv"]["workspace"]["members"]
    for project in ROOT.glob(f"{pattern}/pyproject.toml")
)
ELSEWHERE = {"dags", "plugins"}
"""Folders whose modules run in Airflow's own environment."""
FORBIDDEN_NAMES = {"utils", "helpers", "base", "manager", "misc", "consts", "core"}


def _tracked() -> list[Path]:
    names = subprocess.run(
        ["git", "ls-files", "--cached", "--others", "--exclude-standard"],
        cwd=ROOT,
        check=True,
        capture_output=True,
        text=True,
    ).stdout.splitlines()
    return [ROOT / name for name in names if (ROOT / name).is_file()]


def _sources() -> list[Path]:
    return [path for path in _tracked() if path.suffix == ".py" and "src" in path.parts]


def _functions(path: Path) -> Iterator[tuple[str, int]]:
    for node in ast.walk(ast.parse(path.read_text())):
        if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef):
            yield f"{path.name}:{node.name}", (node.end_lineno or node.lineno) - node.lineno + 1


def _packages(project: Path) -> list[str]:
    return [folder.name for folder in (project.parent / "src").iterdir() if folder.is_dir()]


def test_every_folder_below_servers_is_a_member() -> None:
    folders = {path for path in (ROOT / "servers").iterdir() if path.is_dir()}

    assert folders == {
        project.parent for project in MEMBERS if project.parent.parent.name == "servers"
    }


def test_no_file_is_longer_than_300_lines_and_the_median_is_near_120() -> None:
    lengths = {path: len(path.read_text().splitlines()) for path in _sources()}
    written = [length for length in lengths.values() if length > 1]

    assert {str(path.relative_to(ROOT)): n for path, n in lengths.items() if n > 300} == {}
    assert statistics.median(written) <= 150


def test_no_function_is_longer_than_60_lines_and_nine_in_ten_fit_in_30() -> None:
    sizes = [pair for path in _sources() for pair in _functions(path)]
    lengths = sorted(size for _, size in sizes)

    assert {name: size for name, size in sizes if size > 60} == {}
    assert lengths[int(len(lengths) * 0.9)] <= 30
    assert statistics.median(lengths) <= 12


def test_no_file_is_named_for_nothing() -> None:
    assert [str(p.relative_to(ROOT)) for p in _sources() if p.stem in FORBIDDEN_NAMES] == []


def test_the_root_has_at_most_16_visible_entries() -> None:
    visible = {path.relative_to(ROOT).parts[0] for path in _tracked()}

    assert len({name for name in visible if not name.startswith(".")}) <= 16


def test_there_is_one_lock_file() -> None:
    assert [p.relative_to(ROOT).as_posix() for p in _tracked() if p.name == "uv.lock"] == [
        "uv.lock"
    ]


def test_only_the_guard_keeps_every_exception() -> None:
    caught = [
        f"{path.relative_to(ROOT)}:{node.lineno}"
        for path in _sources()
        if path.name != "guard.py"
        for node in ast.walk(ast.parse(path.read_text()))
        if isinstance(node, ast.ExceptHandler) and _catches_everything(node)
    ]

    assert caught == []


def _catches_everything(handler: ast.ExceptHandler) -> bool:
    """Whether it catches all there is and keeps it; one that raises it again only cleans up."""
    last = handler.body[-1]
    if isinstance(last, ast.Raise) and last.exc is None:
        return False
    caught = ast.walk(handler.type) if handler.type else ()
    names = {node.id for node in caught if isinstance(node, ast.Name)}
    return handler.type is None or bool(names & {"Exception", "BaseException"})


def test_comments_stay_under_five_percent_of_lines() -> None:
    lines = [line.strip() for path in _sources() for line in path.read_text().splitlines()]

    assert sum(line.startswith("#") for line in lines) / len(lines) < 0.05


@pytest.mark.parametrize("project", MEMBERS, ids=lambda path: path.parent.name)
def test_every_member_stands_in_the_import_contracts(project: Path) -> None:
    contracts: dict[str, Any] = WORKSPACE["tool"]["importlinter"]
    layered = " ".join(
        str(layer) for contract in contracts["contracts"] for layer in contract["layers"]
    )

    for package in _packages(project):
        assert package in contracts["root_packages"]
        assert package in layered


@pytest.mark.parametrize("project", MEMBERS, ids=lambda path: path.parent.name)
def test_every_module_of_a_member_stands_in_its_layers(project: Path) -> None:
    contracts = WORKSPACE["tool"]["importlinter"]["contracts"]
    layers = {
        name.strip()
        for contract in contracts
        for layer in contract["layers"]
        for name in str(layer).split("|")
    }

    for package in _packages(project):
        folder = project.parent / "src" / package
        modules = {
            p.stem for p in folder.iterdir() if p.suffix == ".py" or (p / "__init__.py").exists()
        }
        assert {f"{package}.{m}" for m in modules - {"__init__", "__main__"}} <= layers


@pytest.mark.parametrize("project", MEMBERS, ids=lambda path: path.parent.name)
def test_every_member_has_a_readme_and_the_licence(project: Path) -> None:
    described = tomllib.loads(project.read_text())["project"]

    assert (project.parent / "README.md").exists()
    assert described["license"] == "Apache-2.0"


def test_every_server_is_found_by_its_entry_point() -> None:
    servers = {
        project.parent.name for project in MEMBERS if project.parent.parent.name == "servers"
    }
    found = {entry.name for entry in importlib.metadata.entry_points(group="dragoman.servers")}

    assert servers <= found


def test_the_security_standard_names_checks_that_exist() -> None:
    standard = (ROOT / "docs/security-standard.md").read_text()
    tests = {path.name for path in _tracked() if path.name.startswith("test_")}
    named = set(re.findall(r"(?:[\w/*-]+/)?(test_[\w*]+\.py)", standard))

    assert named
    assert {name for name in named if not fnmatch.filter(tests, name)} == set()


@pytest.mark.parametrize("project", MEMBERS, ids=lambda path: path.parent.name)
def test_every_member_declares_what_it_imports(project: Path) -> None:
    declared = {
        _plain(re.split(r"[^\w.-]", need)[0])
        for need in tomllib.loads(project.read_text())["project"]["dependencies"]
    }
    owners = importlib.metadata.packages_distributions()
    used = {
        name
        for path in _sources()
        if path.is_relative_to(project.parent) and not ELSEWHERE & set(path.parts)
        for name in _imports(ast.parse(path.read_text()))
        if name not in sys.stdlib_module_names
    }

    undeclared = {
        name
        for name in used - set(_packages(project))
        if not {_plain(owner) for owner in owners.get(name, [name])} & declared
    }
    assert undeclared == set()


def _plain(distribution: str) -> str:
    return distribution.lower().replace("_", "-")


def _imports(tree: ast.Module) -> Iterator[str]:
    """Top-level packages that a module imports."""
    for node in ast.walk(tree):
        if isinstance(node, ast.Import):
            yield from (alias.name.split(".")[0] for alias in node.names)
        elif isinstance(node, ast.ImportFrom) and node.module:
            yield node.module.split(".")[0]
