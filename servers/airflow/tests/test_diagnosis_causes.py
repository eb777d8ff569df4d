"""Why runs failed, asked through a client: root, cause, evidence, and what is not to blame."""

import json
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest
from airflow_in_memory import ago
from airflow_log_samples import record
from diagnosis_served import ENDED, FOLLOWED, Books, asked, books, instance, outside, raised

from dragoman_airflow.models import Event

pytestmark = pytest.mark.anyio


async def test_the_root_is_named_with_cause_and_evidence_and_what_follows_is_not_blamed(
    tmp_path: Path,
) -> None:
    airflow = books(
        instance("load", "failed"),
        *FOLLOWED,
        instance("load", "success", "good", start_date=ago(days=1), end_date=ago(hours=23)),
        was={"shelf": "a", "rows": 5},
        conf={"shelf": "b", "rows": 5},
        by_try={("load", -1, 1): raised("KeyError", "'isbn'", "reading shelf b")},
    )

    text, told = await asked(tmp_path, airflow)

    assert [root["task"] for root in told["roots"]] == ["load"]
    assert told["cause"] == told["roots"][0]["cause"] == "code_error"
    assert any("KeyError" in quote["text"] for quote in told["roots"][0]["evidence"])
    assert told["roots"][0]["evidence"][0]["line"] == 2
    assert any("reading shelf b" in line for line in told["roots"][0]["before"])
    assert any("books.py" in frame for frame in told["roots"][0]["frames"])
    assert told["not_causes"] == ["check, mail never ran: upstream_failed, which only follows"]
    assert told["compared"]["with_run"] == "good"
    assert told["compared"]["changed"] == ['conf: shelf "a" → "b"']
    assert "next" not in told
    assert told["advice"].startswith("mend the cause first")
    assert "KeyError" not in outside(text)


async def test_a_passing_cause_is_followed_by_a_plan_to_clear_exactly_what_failed(
    tmp_path: Path,
) -> None:
    log = raised("ConnectionRefusedError", "[Errno 111] Connection refused")
    airflow = books(instance("load", "failed"), *FOLLOWED, by_try={("load", -1, 1): log})

    _, told = await asked(tmp_path, airflow)

    assert told["cause"] == "service_unreachable"
    assert told["next"]["tool"] == "plan_change"
    assert told["next"]["arguments"] == {
        "kind": "clear", "dag": "books", "run": "bad", "instance": "prod", "tasks": ["load"],
    }  # fmt: skip


async def test_tries_that_failed_in_two_ways_are_told_apart(tmp_path: Path) -> None:
    airflow = books(
        instance("load", "failed", try_number=2, max_tries=1),
        *FOLLOWED,
        by_try={
            ("load", -1, 1): raised("ConnectionResetError", "gateway restarted"),
            ("load", -1, 2): raised("ZeroDivisionError", "division by zero"),
        },
    )

    _, told = await asked(tmp_path, airflow)

    root = told["roots"][0]
    assert root["cause"] == "code_error"
    assert root["tries"].startswith("try 1 failed in another way than try 2")
    assert len(root["other_tries"]) == 1
    assert "gateway restarted" in root["other_tries"][0]


async def test_a_lost_worker_is_told_by_the_event_log_where_the_log_just_ends(
    tmp_path: Path,
) -> None:
    event = Event(
        event="heartbeat timeout", dag_id="books", run_id="bad", task_id="load", try_number=1,
        when=ENDED, extra="Task did not emit heartbeat within time limit (300 seconds)",
    )  # fmt: skip
    airflow = books(
        instance("load", "failed", hostname="w7"),
        *FOLLOWED,
        all_events=[event],
        by_try={("load", -1, 1): f"{record('window 17 of 24')}\n".encode()},
    )

    _, told = await asked(tmp_path, airflow)

    assert told["cause"] == "worker_lost"
    assert told["roots"][0]["confidence"] == "medium"
    assert "did not emit heartbeat" in told["roots"][0]["events"][0]


async def test_a_task_that_a_person_set_to_failed_is_not_blamed_for_its_kill(
    tmp_path: Path,
) -> None:
    def marked(when: Any) -> Books:
        event = Event(
            event="patch_task_instance", dag_id="books", run_id="bad", task_id="load", when=when,
            owner="carol", extra=json.dumps({"new_state": "failed"}),
        )  # fmt: skip
        log = raised("KeyError", "'isbn'")
        return books(
            instance("load", "failed"), *FOLLOWED,
            all_events=[event], by_try={("load", -1, 1): log},
        )  # fmt: skip

    _, at_once = await asked(tmp_path, marked(ENDED))
    _, later = await asked(tmp_path, marked(ENDED + timedelta(minutes=5)))

    assert at_once["cause"] == "marked_failed"
    assert "carol set the task to failed" in at_once["roots"][0]["events"][0]
    assert any("came from the kill" in words for words in at_once["not_causes"])
    assert later["cause"] == "code_error"


async def test_a_success_over_a_failure_names_the_leaf_whose_rule_hides_it(tmp_path: Path) -> None:
    airflow = books(
        instance("check", "failed"),
        instance("mail", "success"),
        state="success",
        rule="all_done",
        by_try={("check", -1, 1): raised("KeyError", "'isbn'")},
    )

    _, told = await asked(tmp_path, airflow, run="bad")

    assert [root["task"] for root in told["roots"]] == ["check"]
    assert "the leaf task mail below it has trigger rule all_done" in told["roots"][0]["hidden_by"]
    assert "called a success although check failed" in told["headline"]


async def test_a_run_over_its_time_limit_is_ended_by_it_and_waiting_tasks_are_not_blamed(
    tmp_path: Path,
) -> None:
    airflow = books(
        instance("load", "skipped", end_date=None),
        instance("check", "skipped", start_date=None, end_date=None),
        of_dag={"dag_run_timeout": "PT5M"},
        by_try={("load", -1, 1): f"{record('page 3 of 900')}\n".encode()},
    )

    _, told = await asked(tmp_path, airflow)

    assert told["cause"] == "run_timeout"
    assert "time limit of 5 min after 10 min; load was still running" in told["headline"]
    assert [root["task"] for root in told["roots"]] == ["load"]
    assert "check: skipped by the time limit" in told["not_causes"]


async def test_no_failure_but_a_rule_that_could_not_be_met_names_rule_and_parents(
    tmp_path: Path,
) -> None:
    airflow = books(instance("mail", "upstream_failed"), rule="one_failed")

    _, told = await asked(tmp_path, airflow)

    assert told["cause"] == "trigger_rule_unmet"
    assert "its trigger rule is one_failed, and before it were check success" in told["headline"]


async def test_mapped_instances_that_failed_differently_are_told_by_index(tmp_path: Path) -> None:
    airflow = books(
        *(instance("load", "failed", index=n) for n in (3, 5, 9)),
        *(instance("load", "success", index=n) for n in (0, 1)),
        by_try={
            ("load", 3, 1): raised("KeyError", "'isbn'"),
            ("load", 5, 1): raised("KeyError", "'isbn'"),
            ("load", 9, 1): raised("TimeoutError", "shelf server silent"),
        },
    )

    _, told = await asked(tmp_path, airflow)

    root = told["roots"][0]
    assert root["instances"] == "3 of 5 failed: indexes 3, 5, 9"
    assert root["other_errors"][0] == "index 5: as index 3"
    assert "index 9: " in root["other_errors"][1]
    assert "shelf server silent" in root["other_errors"][1]
