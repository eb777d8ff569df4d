"""Runs whose event log holds no event: the process logs alone tell."""

from __future__ import annotations

from pathlib import Path

import pytest

from dragoman_spark.diagnosis import diagnosed
from dragoman_spark.eventlog.read import NotAnEventLog
from dragoman_spark.eventlog.summaries import Summaries
from dragoman_spark.sources import Found, LogRoot, Sources

LATER = 1_800_000_000_000
STDOUT = (
    "Traceback (most recent call last):\n"
    '  File "/app/job.py", line 3, in <module>\n'
    "ValueError: no such region\n"
)


@pytest.mark.parametrize("events", ["", "not an event\n", "\n\n"])
def test_a_run_without_any_event_is_diagnosed_from_its_driver_logs_and_says_so(
    events: str, tmp_path: Path
) -> None:
    sources, found = served(tmp_path, events)
    (tmp_path / "r1" / "driver.stdout").write_text(STDOUT)

    answer = diagnosed(found, sources, Summaries(), now=LATER)

    assert (answer.outcome, answer.cause) == ("failed", "user_code_exception")
    assert any("no event" in one for one in answer.not_read)


def test_files_that_are_no_event_log_and_stand_alone_are_refused(tmp_path: Path) -> None:
    sources, found = served(tmp_path, "not an event\n")

    with pytest.raises(NotAnEventLog, match="not a Spark event log"):
        diagnosed(found, sources, Summaries(), now=LATER)


def served(folder: Path, events: str) -> tuple[Sources, Found]:
    log = folder / "r1" / "events" / "eventlog_v2_app-20260101010101-0001"
    log.mkdir(parents=True)
    (log / "appstatus_app-20260101010101-0001").write_text("")
    (log / "events_1_app-20260101010101-0001").write_text(events)
    sources = Sources([LogRoot("logs", f"file://{folder}")])
    return sources, sources.find(limit=5).found[0]
