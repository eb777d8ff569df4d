"""Nothing that a caller sends can pass for a record of its own."""

from pathlib import Path

import pytest
from harbour import ALICE, Sea, harbour

from dragoman.cli.audit import tail_
from dragoman.testing import connected

pytestmark = pytest.mark.anyio

FORGED = "2026-11-25T02:00:00.000Z     99 outcome  carol        sink_ship success"


@pytest.mark.parametrize("end", ["\n", "\r\n", "\u2028", "\x0b"])
async def test_a_tool_name_with_line_ends_shows_as_one_line(
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
    end: str,
) -> None:
    async with connected(harbour(Sea()), ALICE, state=tmp_path) as there:
        await there.call(f"x{end}{FORGED}")
    monkeypatch.setenv("DRAGOMAN_STATE", str(tmp_path))

    tail_()

    said = capsys.readouterr().out
    assert FORGED in said
    assert not any(line.startswith(FORGED) for line in said.splitlines())
