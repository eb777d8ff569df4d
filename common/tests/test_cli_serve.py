"""What `dragoman serve` tells the person who starts it."""

import json
import os
import socket
import subprocess
import sys
from collections.abc import Mapping
from pathlib import Path

import pytest

_ISSUER = {
    "issuer": "https://idp.test",
    "audience": "spark",
    "jwks_uri": "http://127.0.0.1:9/jwks.json",
}


def started(port: int, state: Path, settings: Mapping[str, str]) -> "subprocess.Popen[str]":
    clean = {name: value for name, value in os.environ.items() if "DRAGOMAN" not in name}
    return subprocess.Popen(
        [sys.executable, "-m", "dragoman.cli", "serve", "spark", "--port", str(port)],
        env={**clean, "DRAGOMAN_STATE": str(state), **settings},
        stderr=subprocess.PIPE,
        stdout=subprocess.PIPE,
        text=True,
    )


def test_a_start_names_the_address_and_each_thing_that_is_missing(tmp_path: Path) -> None:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port = int(probe.getsockname()[1])

    process = started(port, tmp_path, {})
    assert process.stderr is not None
    lines = [process.stderr.readline() for _ in range(3)]
    process.terminate()
    rest = process.communicate(timeout=25)

    assert lines == [
        f"spark serves http://127.0.0.1:{port}/mcp\n",
        "not ready: nobody can sign in: set DRAGOMAN_ISSUERS\n",
        "not ready: no log root is configured: set DRAGOMAN_SPARK_ROOTS\n",
    ]
    assert (rest, process.returncode) == (("", ""), 0)


@pytest.mark.parametrize(
    ("roots", "told"),
    [
        ('[{"name": "hunter2 ", "url": "/logs"}]', "DRAGOMAN_SPARK_ROOTS 0 name:"),
        ("hunter2", "A DRAGOMAN_SPARK_ variable is not the JSON it should be"),
    ],
)
def test_a_faulty_setting_of_the_server_is_one_sentence_without_its_value(
    roots: str, told: str, tmp_path: Path
) -> None:
    process = started(0, tmp_path, {"DRAGOMAN_SPARK_ROOTS": roots})
    out, err = process.communicate(timeout=25)

    assert (process.returncode, out) == (1, "")
    assert told in err
    assert "hunter2" not in err
    assert len(err.splitlines()) == 1


def test_a_port_that_is_taken_is_named(tmp_path: Path) -> None:
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", 0))
        taken.listen()
        port = int(taken.getsockname()[1])
        process = started(port, tmp_path, {"DRAGOMAN_ISSUERS": json.dumps([_ISSUER])})
        _, err = process.communicate(timeout=25)

    assert process.returncode == 1
    assert err.splitlines()[-1].startswith(f"Port {port} of 127.0.0.1 cannot be used.")
    assert "Traceback" not in err
