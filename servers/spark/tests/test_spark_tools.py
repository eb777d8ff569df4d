"""Who sees which logs through the Spark server, and what may be opened there."""

import json
from os import mkfifo
from pathlib import Path

import pytest
from spark_served import SECRET, TAGGED, Client, asking, attempts_of, error, run, spark, structured

from dragoman.testing import caller, connected

pytestmark = pytest.mark.anyio

BOB = caller("bob", "sales", server="spark")
APP = "app-20261124190913-0000"


@pytest.fixture
def root(tmp_path: Path) -> Path:
    run("udf_exception", tmp_path / "logs" / "r00")
    return tmp_path / "logs"


@pytest.fixture
def asked(tmp_path: Path) -> Client:
    return asking(tmp_path)


async def test_person_of_another_group_sees_no_tool_and_calls_none(
    root: Path, tmp_path: Path
) -> None:
    made = spark({"logs": root}, {}, None)
    async with connected(made, BOB, state=tmp_path / "state") as there:
        listed = (await there.client.list_tools()).tools
        told = there.client.instructions
        said = await error(there, "diagnose_application", {"application_id": APP})

    assert (listed, told) == ([], None)
    assert said == "Unknown tool: diagnose_application. List the tools again."


async def test_root_without_the_tag_is_neither_named_nor_counted(
    asked: Client, root: Path, tmp_path: Path
) -> None:
    hidden = tmp_path / "hidden"
    run("healthy", hidden / "r01")
    roots: dict[str, Path | str] = {"open": root, "vault": hidden, "cellar": tmp_path / "nowhere"}
    async with asked(roots, {"open": "gold"}, TAGGED) as there:
        answers = [
            json.dumps(await structured(there, "find_applications", {})),
            await error(there, "diagnose_application", {"application_id": "app-x"}),
            await error(
                there, "diagnose_application", {"application_id": "app-20261124190806-0000"}
            ),
            await error(there, "read_log", {"file": "vault/r01/driver.stderr"}),
            await error(there, "read_log", {"file": "attic/r01/driver.stderr"}),
        ]

    said = " ".join(answers).replace("vault/r01", "")
    assert json.loads(answers[0])["coverage"] == {"kept": 1, "delivered": 1, "claimed": 1}
    assert "vault" not in said
    assert "cellar" not in said
    assert answers[3] == answers[4]


async def test_same_root_is_seen_by_those_who_have_the_tag(asked: Client, root: Path) -> None:
    async with asked({"open": root, "vault": root}, {"vault": "gold eu"}, TAGGED) as there:
        found = await structured(there, "find_applications", {})

    assert [one["root"] for one in found["applications"]] == ["vault"]


async def test_id_alone_means_the_latest_attempt_and_the_others_are_named(
    asked: Client, tmp_path: Path
) -> None:
    app = attempts_of(tmp_path / "logs", "1", "2", "10")
    async with asked({"logs": tmp_path / "logs"}) as there:
        latest = await structured(there, "diagnose_application", {"application_id": app})
        second = await structured(
            there, "diagnose_application", {"application_id": app, "attempt": "2"}
        )
        shape = await structured(there, "get_overview", {"application_id": app, "attempt": "1"})

    assert latest["attempt"] == "10"
    assert len(latest["other_attempts"]) == 2
    assert second["attempt"] == "2"
    assert shape["attempt"] == "1"


async def test_unknown_attempt_is_refused_with_those_there_are(
    asked: Client, tmp_path: Path
) -> None:
    app = attempts_of(tmp_path / "logs", "1", "2")
    async with asked({"logs": tmp_path / "logs"}) as there:
        said = await error(there, "diagnose_application", {"application_id": app, "attempt": "3"})

    assert "has no attempt 3; it has: 1, 2" in said


async def test_same_id_in_two_roots_asks_which_one(
    asked: Client, root: Path, tmp_path: Path
) -> None:
    run("udf_exception", tmp_path / "copy" / "r07")
    async with asked({"east": root, "west": tmp_path / "copy"}) as there:
        said = await error(there, "diagnose_application", {"application_id": APP})
        chosen = await structured(
            there, "diagnose_application", {"application_id": APP, "root": "west"}
        )

    assert f"{APP} is in several roots: east, west" in said
    assert chosen["root"] == "west"


@pytest.mark.parametrize("url", ["/nowhere/at/all", "s3://bucket/logs", "nosuch://x/y"])
async def test_unreachable_root_is_named_and_the_others_are_searched(
    asked: Client, root: Path, url: str
) -> None:
    async with asked({"logs": root, "far": url}) as there:
        found = await structured(there, "find_applications", {})
        missing = await error(there, "diagnose_application", {"application_id": "app-x"})
        verdict = await structured(there, "diagnose_application", {"application_id": APP})
        log = await error(there, "read_log", {"file": "far/driver.stderr"})

    assert found["unreachable"] == ["far"]
    assert "claimed" not in found["coverage"]
    assert "No application app-x in logs. Could not be searched now: far." in missing
    assert verdict["root"] == "logs"
    assert url not in missing + log


@pytest.mark.parametrize(
    "file",
    [
        "logs/../secret/passwords",
        "logs/r00/../../secret/passwords",
        "logs/r00/executors/../../../secret/passwords",
        "/etc/passwd",
        "logs//etc/passwd",
        "logs/link/passwords",
        "logs/file-link",
        "logs/r00/%2e%2e/%2e%2e/secret/passwords",
        "logs/r00/..%2f..%2fsecret/passwords",
        "logs/r00/driver.stderr\0.gz",
        "logs\\..\\secret\\passwords",
        "secret/passwords",
        "hidden/passwords",
        "file:///etc/passwd",
        "logs/file:///etc/passwd",
        "logs/r00",
        "logs/pipe",
        "logs",
        "",
        "../secret/passwords",
        "logs/r00/events/..",
    ],
)
async def test_path_out_of_the_roots_opens_nothing(
    asked: Client, root: Path, tmp_path: Path, file: str
) -> None:
    secret = tmp_path / "secret"
    secret.mkdir()
    (secret / "passwords").write_text(SECRET)
    (root / "link").symlink_to(secret)
    (root / "file-link").symlink_to(secret / "passwords")
    mkfifo(root / "pipe")
    roots: dict[str, Path | str] = {"logs": root, "hidden": secret}
    async with asked(roots, {"logs": "gold"}, TAGGED) as there:
        said = await error(there, "read_log", {"file": file})

    assert SECRET not in said
    assert str(tmp_path) not in said
    assert "failed inside the server" not in said
