import traceback
from collections.abc import Callable

import pytest
from airflow_log_samples import (
    HEAD,
    TEXT,
    detail_of,
    digest_of,
    failed,
    failed_by,
    failed_text,
    ndjson,
    record,
    stack,
)

from dragoman_airflow.logs.exceptions import Chain, Link, chain_of_details, rendered
from dragoman_airflow.logs.failures import Role
from dragoman_airflow.logs.frames import Origin, origin_of
from dragoman_airflow.logs.tracebacks import read_traceback


def caused() -> None:
    try:
        int("seven")
    except ValueError as error:
        raise LookupError("row 7 has no amount\nsecond line") from error


def while_handling() -> None:
    try:
        caused()
    except LookupError:
        raise OSError(28, "No space left on device")  # noqa: B904  the context is the point


def grouped() -> None:
    members: list[Exception] = [TypeError("bare")]
    for act in (caused, while_handling):
        try:
            act()
        except (LookupError, OSError) as error:
            members.append(error)
    raise ExceptionGroup("two parts", [*members, ExceptionGroup("inner", [KeyError("k")])])


def raised_by(act: Callable[[], None]) -> BaseException:
    try:
        act()
    except Exception as error:  # noqa: BLE001  whatever it is
        return error
    raise AssertionError


def names(chain: Chain) -> list[object]:
    return [
        (raised.simple, raised.message, raised.link, [names(one) for one in raised.members])
        for raised in chain
    ]


@pytest.mark.parametrize("act", [caused, while_handling, grouped])
def test_a_plain_traceback_and_error_detail_tell_the_same_chain(act: Callable[[], None]) -> None:
    error = raised_by(act)

    plain = read_traceback("".join(traceback.format_exception(error)))
    structured = chain_of_details(detail_of(error))

    assert names(plain) == names(structured)
    assert [f.name for f in plain[0].frames] == [f.name for f in structured[0].frames]


def test_the_root_comes_first_and_links_say_how_it_led_on() -> None:
    chain = chain_of_details(detail_of(raised_by(while_handling)))

    assert [raised.simple for raised in chain] == ["ValueError", "LookupError", "OSError"]
    assert [raised.link for raised in chain] == [Link.CAUSE, Link.CONTEXT, Link.NONE]
    assert chain[1].message == "row 7 has no amount\nsecond line"


def test_a_members_own_chain_stays_with_its_group() -> None:
    (group,) = chain_of_details(detail_of(raised_by(grouped)))

    assert [[one.simple for one in member] for member in group.members] == [
        ["TypeError"],
        ["ValueError", "LookupError"],
        ["ValueError", "LookupError", "OSError"],
        ["ExceptionGroup"],
    ]
    assert group.members[3][0].members[0][0].simple == "KeyError"


@pytest.mark.parametrize(
    ("path", "origin"),
    [
        ("/opt/airflow/dags/orders.py", Origin.USER),
        ("/opt/airflow/plugins/acme/ingest.py", Origin.USER),
        ("/home/site/lib/etl/load.py", Origin.USER),
        ("<string>", Origin.USER),
        ("/tmp/venv-call/script.py", Origin.USER),
        ("/usr/lib/python3.11/json/decoder.py", Origin.STDLIB),
        ("/usr/local/lib/python3.12/concurrent/futures/thread.py", Origin.STDLIB),
        ("<frozen os>", Origin.STDLIB),
        ("/venv/lib/python3.11/site-packages/requests/adapters.py", Origin.LIBRARY),
        ("/usr/lib/python3/dist-packages/yaml/reader.py", Origin.LIBRARY),
        ("/venv/lib/python3.11/site-packages/airflow/sdk/bases/operator.py", Origin.AIRFLOW),
        ("/opt/airflow/airflow-core/src/airflow/models/dag.py", Origin.AIRFLOW),
        ("C:\\Python311\\Lib\\site-packages\\pandas\\core.py", Origin.LIBRARY),
        ("/venv/bin/airflow", Origin.LIBRARY),
    ],
)
def test_whose_a_frame_is_follows_from_where_it_is_installed(path: str, origin: Origin) -> None:
    assert origin_of(path) is origin


def test_the_tasks_own_frames_are_shown_first_and_the_rest_left_out() -> None:
    site = "/venv/lib/python3.11/site-packages"
    detail = [
        stack(
            "ReadTimeout",
            "read timed out",
            (f"{site}/airflow/sdk/execution_time/task_runner.py", "run"),
            ("/opt/airflow/dags/pull.py", "pull"),
            ("/opt/airflow/plugins/acme/crm.py", "fetch"),
            (f"{site}/requests/adapters.py", "send"),
        )
    ]

    told = rendered(chain_of_details(detail))

    assert told == (
        "ReadTimeout: read timed out",
        "  at /opt/airflow/plugins/acme/crm.py:9 in fetch",
        "  at /opt/airflow/dags/pull.py:8 in pull",
    )


def test_a_traceback_is_put_together_whoever_writes_in_between() -> None:
    lines = [
        f"{HEAD}{{subprocess.py:106}} INFO - Traceback (most recent call last):",
        f"{HEAD}{{other.py:1}} INFO - heartbeat",
        f'{HEAD}{{subprocess.py:106}} INFO -   File "/jobs/load.py", line 3, in load',
        f"{HEAD}{{other.py:1}} WARNING - slow disk",
        f"{HEAD}{{subprocess.py:106}} INFO -     rows[0]",
        f"{HEAD}{{subprocess.py:106}} INFO - IndexError: list index out of range",
        f"{HEAD}{{subprocess.py:115}} INFO - Command exited with return code 1",
    ]

    digest = digest_of("\n".join(lines).encode(), TEXT)

    (failure,) = digest.failures
    assert failure.role is Role.PRINTED
    assert [(one.simple, one.message) for one in failure.chain] == [
        ("IndexError", "list index out of range")
    ]
    assert failure.chain[0].frames[0].code == "rows[0]"


def test_a_traceback_without_heads_goes_on_after_a_line_that_broke_in() -> None:
    told = failed_text(raised_by(while_handling)).decode().split("\n")
    told.insert(4, f"{HEAD}{{local_task_job_runner.py:9}} INFO - still here")

    digest = digest_of("\n".join(told).encode(), TEXT)

    assert digest.ending is not None
    assert [one.simple for one in digest.ending.chain] == ["ValueError", "LookupError", "OSError"]


def test_a_traceback_inside_of_one_event_is_an_exception_too() -> None:
    said = "load failed\n" + "".join(traceback.format_exception(raised_by(caused)))

    digest = digest_of(ndjson(record(said, "error")))

    assert digest.ending is not None
    assert digest.ending.role is Role.LOGGED
    assert [one.simple for one in digest.ending.chain] == ["ValueError", "LookupError"]


def test_what_ended_the_task_counts_and_not_what_failed_before_or_after() -> None:
    handled = record("retrying", "error", error_detail=[stack("KeyError", "'x'")])
    ending = failed([stack("MemoryError", "")]).decode().strip()
    late = record(
        "Failed to run task callback", "error", "task", error_detail=[stack("TypeError", "cb")]
    )

    digest = digest_of(ndjson(handled, ending, late))

    assert [failure.role for failure in digest.failures] == [Role.LOGGED, Role.ENDING, Role.AFTER]
    assert digest.ending is not None
    assert digest.ending.chain[0].simple == "MemoryError"


def test_a_task_cannot_pass_its_own_line_off_as_the_end() -> None:
    detail = [stack("AirflowSkipException", "nothing to see")]
    posed = record("Task failed with exception", "error", "acme", error_detail=detail)

    digest = digest_of(ndjson(posed, failed([stack("MemoryError", "")]).decode().strip()))

    assert digest.ending is not None
    assert digest.ending.chain[0].simple == "MemoryError"


def test_huge_exceptions_are_clamped_and_keep_the_tasks_own_frames() -> None:
    site = ("/venv/lib/python3.11/site-packages/deep/walk.py", "walk")
    frames = [site] * 60 + [("/opt/airflow/dags/mine.py", "mine")] + [site] * 60

    (raised,) = chain_of_details([stack("RecursionError", "m" * 500_000, *frames)])

    assert len(raised.message) <= 2_001
    assert len(raised.frames) <= 51
    assert raised.cut == 121 - len(raised.frames)
    assert [frame.name for frame in raised.user_frames] == ["mine"]


def test_syntax_errors_and_notes_are_told() -> None:
    broken = stack("SyntaxError", "invalid syntax (job.py, line 3)")
    broken["syntax_error"] = {"filename": "job.py", "lineno": 3, "line": "x ==", "offset": 4}
    broken["exc_notes"] = ["while loading job 7"]

    told = rendered(chain_of_details([broken]))

    assert "  note: while loading job 7" in told
    assert "  in job.py:3: x ==" in told


@pytest.mark.parametrize("detail", [[{}], ["x"], [None], [{"frames": "no", "exceptions": 3}]])
def test_a_detail_of_another_shape_is_no_error(detail: list[object]) -> None:
    digest = digest_of(ndjson(record("x", "error", error_detail=detail)))

    assert digest.errors_total == 1


def test_both_versions_tell_the_same_signature_for_one_failure() -> None:
    error = raised_by(while_handling)

    new, old = digest_of(failed_by(error)), digest_of(failed_text(error), TEXT)

    assert new.ending is not None
    assert old.ending is not None
    assert new.ending.signature == old.ending.signature
