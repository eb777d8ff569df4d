"""A full disk and a broken approval store: what changes anything stops, reads go on."""

import errno
import os
from dataclasses import dataclass
from pathlib import Path

import pytest
from harbour import ALICE, Sea, harbour
from harbour_http import SAILOR, call, post

from dragoman.app import NotForProduction, assemble
from dragoman.errors import StoreUnavailable
from dragoman.settings import Settings
from dragoman.telemetry.disk import SystemDisk
from dragoman.telemetry.verify import verify
from dragoman.testing import YES, Era, Form, connected, served, text_of

pytestmark = pytest.mark.anyio


@dataclass
class FillingDisk(SystemDisk):
    """A real disk that is full while it is told so."""

    full: bool = False

    def write(self, fd: int, data: bytes) -> int:
        if self.full:
            raise OSError(errno.ENOSPC, os.strerror(errno.ENOSPC))
        return super().write(fd, data)


@pytest.fixture
def sea() -> Sea:
    return Sea()


async def test_full_disk_stops_what_changes_anything_and_lets_reads_go_on(
    sea: Sea, tmp_path: Path, era: Era
) -> None:
    disk = FillingDisk()
    async with connected(
        harbour(sea), ALICE, state=tmp_path, mode=era, elicitation=Form(YES), disk=disk
    ) as there:
        disk.full = True
        read = await there.call("find_ships")
        note = await there.call("save_note", {"note": "x"})
        moved = await there.call("move_ship", {"ship": "Erna"})
        again = await there.call("find_ships")
        degraded = await there.app.degraded()
        problems = await there.app.problems()
        disk.full = False
        recovered = await there.call("move_ship", {"ship": "Erna"})
        audit = await there.audit()

    assert not read.is_error
    assert not again.is_error
    assert "audit journal cannot be written" in text_of(note)
    assert "audit journal cannot be written" in text_of(moved)
    assert sea.acts == ["found  10", "found  10", "moved Erna to 1"]
    assert (degraded, problems) == (["the audit journal cannot be written"], [])
    assert not recovered.is_error
    assert [record.tool for record in audit if record.result == "success"][-1] == "move_ship"
    assert verify(tmp_path / "audit" / "harbour" / "local").ok


async def test_full_disk_uses_no_approval_up(sea: Sea, tmp_path: Path, era: Era) -> None:
    disk = FillingDisk()
    form = Form(YES)
    async with connected(
        harbour(sea), ALICE, state=tmp_path, mode=era, elicitation=form, disk=disk
    ) as there:
        disk.full = True
        await there.call("move_ship", {"ship": "Erna"})
        disk.full = False
        await there.call("move_ship", {"ship": "Erna"})

    assert sea.acts == ["moved Erna to 1"]
    assert len(form.shown) == 1


async def test_full_disk_is_shown_to_operators_and_keeps_the_replica_in_service(
    sea: Sea, tmp_path: Path
) -> None:
    disk = FillingDisk()
    async with served(harbour(sea), state=tmp_path, disk=disk) as there:
        disk.full = True
        read = await post(there.http, call("find_ships"), there.bearer(SAILOR))
        ready = await there.http.get("/readyz")
        page = (await there.http.get("/metrics")).text

    assert read.json()["result"]["isError"] is False
    assert ready.status_code == 200
    assert ready.json()["degraded"] == ["the audit journal cannot be written"]
    assert "dragoman_audit_unhealthy_ratio 1.0" in page or "dragoman_audit_unhealthy 1.0" in page


@pytest.mark.parametrize("broken", ["garbage", "folder"])
async def test_broken_approval_store_stops_dangerous_tools_and_lets_reads_go_on(
    sea: Sea, tmp_path: Path, era: Era, broken: str
) -> None:
    settings = Settings()
    store = settings.model_copy(update={"state": tmp_path}).approvals_file
    if broken == "garbage":
        store.write_bytes(b"not a database, by far" * 100)
    else:
        store.mkdir()
    async with connected(
        harbour(sea), ALICE, state=tmp_path, mode=era, elicitation=Form(YES)
    ) as there:
        read = await there.call("find_ships")
        note = await there.call("save_note", {"note": "x"})
        moved = await there.call("move_ship", {"ship": "Erna"})
        degraded = await there.app.degraded()
        audit = await there.audit()

    assert (read.is_error, note.is_error) == (False, False)
    assert moved.is_error
    assert degraded == ["the approval store cannot be used"]
    assert "approval" in text_of(moved)
    assert str(tmp_path) not in text_of(moved)
    assert sea.acts == ["found  10", "note x"]
    assert (audit[-1].kind, audit[-1].result) == ("refusal", "refused")


async def test_store_that_breaks_while_a_write_runs_does_not_lose_its_answer(
    sea: Sea, tmp_path: Path, era: Era
) -> None:
    store = tmp_path / "approvals.sqlite"

    def break_it() -> None:
        for file in tmp_path.glob("approvals.sqlite*"):
            file.unlink()
        store.mkdir()

    sea.then = break_it
    async with connected(
        harbour(sea), ALICE, state=tmp_path, mode=era, elicitation=Form(YES)
    ) as there:
        moved = await there.call("move_ship", {"ship": "Erna"})
        await there.app.idle()
        audit = await there.audit()

    assert text_of(moved) == "done: moved Erna to 1"
    assert (audit[-1].kind, audit[-1].result) == ("outcome", "success")


async def test_second_server_on_the_same_journal_is_refused_in_words(
    sea: Sea, tmp_path: Path
) -> None:
    async with connected(harbour(sea), ALICE, state=tmp_path):
        with pytest.raises(StoreUnavailable, match="in use by another process"):
            async with connected(harbour(sea), ALICE, state=tmp_path):
                pass


def test_production_refuses_to_start_without_a_signed_bundle(sea: Sea, tmp_path: Path) -> None:
    settings = Settings(env="production", state=tmp_path)

    with pytest.raises(NotForProduction, match="only with a bundle"):
        assemble(harbour(sea), settings)

    assert list(tmp_path.iterdir()) == []
