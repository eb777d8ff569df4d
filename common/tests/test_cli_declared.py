"""What the command says of servers whose author made a mistake."""

import sys
from collections.abc import Callable, Generator
from pathlib import Path

import pytest
from cli_stage import install

from dragoman.cli import run

_SERVER = """
from dragoman.risk import Risk
from dragoman.server import Server
from dragoman.tool import tool

{function}

server = Server("harbour", "Ships", "", "wrong_harbour", functions=(find_ships,))
"""
_READ = '@tool(risk=Risk.READ, policy="harbour.read", minutes_saved=1)\n'
_MODULES = ("installed_harbour", "wrong_harbour")

Written = Callable[[str], None]


@pytest.fixture
def written(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Generator[Written]:
    """Makes a server with this one tool the harbour that is installed."""

    def write(function: str) -> None:
        for module in _MODULES:
            monkeypatch.delitem(sys.modules, module, raising=False)
        install(tmp_path)
        package = tmp_path / "wrong_harbour"
        package.mkdir()
        (package / "__init__.py").touch()
        (package / "policy.cedar").touch()
        (tmp_path / "installed_harbour.py").write_text(_SERVER.format(function=function))
        monkeypatch.setattr(sys, "path", [str(tmp_path), *sys.path])

    yield write
    for module in _MODULES:
        sys.modules.pop(module, None)


@pytest.mark.parametrize("words", [["manifest", "harbour"], ["policy", "check", "harbour"]])
@pytest.mark.parametrize(
    ("function", "told"),
    [
        ("async def find_ships() -> str: ...", "has no @tool"),
        (_READ.replace("READ", "WRITE") + "async def find_ships() -> str: ...", "needs confirm="),
    ],
)
def test_a_tool_that_is_declared_wrongly_is_one_sentence(
    words: list[str],
    function: str,
    told: str,
    written: Written,
    capsys: pytest.CaptureFixture[str],
) -> None:
    written(function)

    code = run(words)

    said = capsys.readouterr()
    assert (code, said.out) == (1, "")
    assert told in said.err
    assert len(said.err.splitlines()) == 1


def test_a_tool_without_a_model_has_no_manifest(
    written: Written, capsys: pytest.CaptureFixture[str]
) -> None:
    written(_READ + "async def find_ships() -> str: ...")

    code = run(["manifest", "harbour"])

    said = capsys.readouterr()
    assert (code, said.out) == (1, "")
    assert "find_ships must return a pydantic model" in said.err
    assert len(said.err.splitlines()) == 1
