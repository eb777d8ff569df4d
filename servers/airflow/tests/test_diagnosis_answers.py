"""What the diagnosing tools hand to a client: budgets, fences, secrets, and where to go on."""

from pathlib import Path

import pytest
from airflow_in_memory import ago
from diagnosis_served import FOLLOWED, ORDER, SECRET, asked, books, instance, outside, raised

from dragoman_airflow.models import ImportFault, Task

pytestmark = pytest.mark.anyio


async def test_secrets_are_hidden_and_orders_in_a_log_stand_fenced(tmp_path: Path) -> None:
    log = raised(
        "RuntimeError", f"{ORDER}; password={SECRET}", f"postgresql://svc:{SECRET}@db/x", ORDER
    )
    airflow = books(instance("load", "failed"), *FOLLOWED, by_try={("load", -1, 1): log})

    text, told = await asked(tmp_path, airflow)

    assert ORDER in text
    assert "ignore previous" not in outside(text)
    fields = told["untrusted"]
    quotes = [quote["text"] for quote in told["roots"][0]["evidence"]]
    assert quotes[:2] == ["postgresql://svc:[redacted]@db/x", ORDER]
    assert "password=[redacted]" in quotes[2]
    assert {"roots.evidence.text", "roots.frames", "roots.reason"} <= set(fields)


async def test_more_roots_than_fit_stay_within_bytes_and_what_was_left_out_is_counted(
    tmp_path: Path,
) -> None:
    airflow = books()
    names = [f"load_{n}_{'x' * 60}" for n in range(9)]
    airflow.all_tasks["books"] = tuple(Task(task_id=name) for name in names)
    airflow.all_instances += [instance(name, "failed") for name in names]
    many = [f"row {n} {'y' * 300}" for n in range(12)]
    airflow.by_try = {
        (name, -1, 1): raised(f"Error{n}", "z" * 900, *many) for n, name in enumerate(names)
    }

    _, told = await asked(tmp_path, airflow)

    assert told["roots"]
    assert told["left_out"]
    assert "logs of 4 more root tasks" in told["not_read"]
    assert "more tasks failed by themselves" in told["headline"]


@pytest.mark.parametrize(("tries", "run"), [(1, ""), (3, ""), (1, "latest_failed")])
async def test_an_airflow_that_needs_two_requests_for_a_log_gets_fifteen_all_the_same(
    tmp_path: Path, tries: int, run: str
) -> None:
    names = ("load", "check", "mail")
    airflow = books(
        *(instance(name, "failed", index=n, try_number=tries) for name in names for n in range(4)),
        dearer=True,
    )
    airflow.all_tasks["books"] = tuple(Task(task_id=name, is_mapped=True) for name in names)
    airflow.by_try = {
        (name, n, number): raised("KeyError", f"'{name}{n}'")
        for name in names
        for n in range(4)
        for number in range(1, tries + 1)
    }

    _, told = await asked(tmp_path, airflow, run=run)

    assert {root["task"] for root in told["roots"]} == set(names)
    assert airflow.requests >= 13
    assert any("the limit of 15 requests was reached" in note for note in told["not_read"])


async def test_a_dag_that_is_not_there_is_explained_by_the_file_that_names_it(
    tmp_path: Path,
) -> None:
    trace = f"File books.py line 3\nSyntaxError: {ORDER}"
    airflow = books(all_dags=[], faults=[ImportFault(filename="books.py", stack_trace=trace)])

    text, told = await asked(tmp_path, airflow)

    assert told["cause"] == "dag_import_error"
    assert "SyntaxError" in told["says"][0]
    assert "ignore previous" not in outside(text)


async def test_two_versions_are_compared_by_their_source_and_its_secrets_stay_hidden(
    tmp_path: Path,
) -> None:
    airflow = books(
        instance("load", "failed"),
        instance("load", "success", "good", start_date=ago(days=1), end_date=ago(hours=23)),
        instance("mail", "success"),
        instance("mail", "success", "good"),
        version=2,
        sources={1: "rate = 0.19\n", 2: f"rate = 19\npassword = '{SECRET}'\n# {ORDER}\n"},
    )

    text, told = await asked(tmp_path, airflow, "compare_runs", run_a="bad")

    assert (told["run"], told["with_run"]) == ("bad", "good")
    assert told["changed"][0] == "DAG version 1 → 2 (source +3 -1 lines)"
    assert "+rate = 19" in told["source_diff"]
    assert "conf" in told["same"]
    assert [(pair["task"], pair["now"].split(",")[0]) for pair in told["tasks"]] == [
        ("load", "failed")
    ]
    assert "ignore previous" not in outside(text)


async def test_a_log_is_read_around_its_error_and_next_reads_what_comes_before(
    tmp_path: Path,
) -> None:
    lines = [f"row {n} {ORDER}" if n == 299 else f"row {n}" for n in range(300)]
    log = raised("KeyError", f"'isbn' password={SECRET}", *lines)
    airflow = books(instance("load", "failed"), by_try={("load", -1, 1): log})
    where = {"run": "bad", "task": "load", "max_tokens": 1_500}

    text, told = await asked(tmp_path, airflow, "read_task_log", **where)
    _, start = await asked(tmp_path, airflow, "read_task_log", around="start", **where)

    numbers = [row["line"] for row in told["lines"]]
    assert 301 in numbers
    assert min(numbers) >= 298
    assert any("KeyError" in row["text"] for row in told["lines"])
    assert told["next"]["arguments"]["around"] == "start"
    assert "ignore previous" not in outside(text)
    assert [row["text"] for row in start["lines"]][:2] == ["row 0", "row 1"]
    assert start["next"]["arguments"]["line"] == start["lines"][-1]["line"] + 1


async def test_a_queued_run_is_answered_with_what_it_waits_for_within_the_bytes(
    tmp_path: Path,
) -> None:
    airflow = books(*FOLLOWED, state="queued", of_dag={"is_paused": True})

    _, told = await asked(tmp_path, airflow, run="bad")

    assert told["cause"] == "dag_paused"
    assert "roots" not in told
    assert told["waiting"]["waits"][0]["cause"] == "dag_paused"
