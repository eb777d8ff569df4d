import os
import time

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from dragoman.answer.canonical import Json
from dragoman.answer.redact import redact, redact_json

ROUNDS = 5_000 if os.environ.get("DRAGOMAN_PROOFS") == "full" else 60

ORDINARY = """
24/11/25 10:00:00 INFO SparkContext: Running Spark version 3.5.1
24/11/25 10:00:01 WARN TaskSetManager: Lost task 0.0 in stage 1.0 (TID 1) (10.0.0.1 executor 1)
Stage 3 (collect at nightly_token_report.py:3) finished in 2.1 s
app-20241125100000-0001 application_1700000000000_0001 attempt_1700000000000_0001_m_000001_0
unexpected token: ')' at line 1
mismatched token: SELECT
tokens: 512
max_tokens=4000
total tokens = 1,024 of 4,000
next_page_token: eyabc123xyz9xyz
password policy is strict, the token has expired and secrets are rotated
Access denied for user 'x'@'y' (using password: YES)
primary key: id
sort_key=country
partition key = ds
Key: data/2024/part-00001-3f2504e0-4f89-11d3-9a0c-0305e82c3301-c000.snappy.parquet
sha256: 9f86d081884c7d659a2feaa0c55ad015a3bf4f1b2b0b822cd15d6c15b0f00a08
hdfs://namenode:9000/user/bob/key=abc123/part-0
s3a://bucket/9f86d081884c7d659a2feaa0c55ad015/part-00000
session_id=3f2504e0-4f89-11d3-9a0c-0305e82c3301
Basic authentication is enabled, bearer authentication too, Bearer token missing
PWD=/root/x
spark.authenticate.secret.file=/etc/x
spark.ssl.keyPassword=*********(redacted)
password=${DB_PASSWORD}
{"password": null, "tokens": 5, "secret": ""}
at org.apache.spark.sql.catalyst.parser.AstBuilder.visitTokenKey(AstBuilder.scala:120)
https://host:8080/path?email=a@b.c
mkdir -p /path/to/a1b2c3d4 && run -p 8080:80
author: bob, authority: x
SELECT a AS key, b AS token FROM t WHERE key = 5
[TABLE_OR_VIEW_NOT_FOUND] The table or view `sales`.`token` cannot be found
Task 3 in disk-0123456789abcdef0123 and task-20241125T100000Z-0001-abcdef
mail bob@example.com at 10:15
def connect(user: str, password: str | None = None) -> None:
"""
HOSTILE = (
    "password=", "password='", 'password="', 'password=\\"', "password=[", "password={", "://a:",
    "eyJ", "-----BEGIN A-----", "authorization: ", "cookie: a=", "sk-", "-u a ", "mysql -x ",
    "name: a value:", "<a>", "password=|\n", "pass", "\\", "password,", "AKIA", "Bearer ", "'",
    "a.", "secret\t", "password |", "(a,", "echo a ", "-----", " -p", "ghp_", "password=a,", "-us1",
)  # fmt: skip


def lines() -> list[str]:
    return [str(line) for line in ORDINARY.strip().splitlines()]


@pytest.mark.parametrize("line", lines())
def test_ordinary_text_stays_as_it_is(line: str) -> None:
    assert redact(line) == line


def test_ordinary_lines_stay_also_beside_a_secret() -> None:
    text = ORDINARY.replace("PWD=", "password=hunter2\nPWD=")

    out = redact(text)

    assert out == text.replace("hunter2", "[redacted]")


@pytest.mark.parametrize("piece", HOSTILE)
@pytest.mark.parametrize("opening", ["", 'password="'])
def test_time_grows_no_faster_than_the_text(piece: str, opening: str) -> None:
    small, large = (opening + piece * (size // len(piece)) for size in (10_000, 80_000))

    # CPU time as a ratio: eight times the text costs at most thrice its share.
    assert _seconds(large) <= 24 * max(_seconds(small), 0.003)


@pytest.mark.proof
@settings(max_examples=ROUNDS * 5, deadline=None, derandomize=True)
@given(
    st.lists(
        st.sampled_from([*HOSTILE, "hunter2", " ", "\n", "=", ": ", "&", "[redacted]", "<", "]"]),
        max_size=12,
    ).map("".join)
)
def test_redacting_twice_changes_nothing_more(text: str) -> None:
    once = redact(text)

    assert redact(once) == once


@pytest.mark.proof
@settings(max_examples=ROUNDS, deadline=None, derandomize=True)
@given(st.text(max_size=400))
def test_text_grows_by_no_more_than_a_mark_a_character(text: str) -> None:
    assert len(redact(text)) <= len(text) * 11


def test_json_keeps_its_shape_and_types() -> None:
    value: Json = {
        "user": "bob",
        "password": "hunter2",
        "pin_token": 1234,
        "secret": {"value": ["hunter2", None, True]},
        "settings": [["spark.ssl.keyPassword", "hunter2"], {"name": "DB_PASS", "value": "hunter2"}],
        "url": "redis://:hunter2@x/0",
        "max_tokens": 4000,
        "next_page_token": "abcdef123456789",
    }

    assert redact_json(value) == {
        "user": "bob",
        "password": "[redacted]",
        "pin_token": 0,
        "secret": {"value": ["[redacted]", None, True]},
        "settings": [
            ["spark.ssl.keyPassword", "[redacted]"],
            {"name": "DB_PASS", "value": "[redacted]"},
        ],
        "url": "redis://:[redacted]@x/0",
        "max_tokens": 4000,
        "next_page_token": "abcdef123456789",
    }


def _seconds(text: str) -> float:
    began = time.process_time()
    redact(text)
    return time.process_time() - began
