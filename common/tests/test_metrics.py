from pathlib import Path

import pytest

from dragoman.telemetry.disk import SystemDisk
from dragoman.telemetry.journal import Journal, Limits
from dragoman.telemetry.metrics import Metrics
from dragoman.telemetry.record import Record

DURATION = "mcp_server_operation_duration_seconds"
pytestmark = pytest.mark.anyio


@pytest.fixture
def anyio_backend() -> str:
    return "asyncio"


def lines(metrics: Metrics) -> list[str]:
    text = metrics.prometheus_text().decode()
    return [line for line in text.splitlines() if not line.startswith("#")]


def test_every_end_of_a_call_is_counted_apart() -> None:
    metrics = Metrics("spark", tools=["get_overview"])
    ends = ["success", "tool_error", "waiting_approval", "protocol_error", "cancelled", "timed_out"]

    for end in [*ends, "success"]:
        metrics.tool_call("get_overview", "read", end)

    found = [line for line in lines(metrics) if line.startswith("dragoman_tool_calls_total")]
    assert sorted(found) == sorted(
        f'dragoman_tool_calls_total{{result="{end}",risk="read",tool="get_overview"}} '
        f"{2.0 if end == 'success' else 1.0}"
        for end in ends
    )


def test_made_up_names_do_not_make_new_series() -> None:
    metrics = Metrics("spark", tools=["get_overview"])

    for n in range(1000):
        metrics.tool_call(f"made-up-{n}", "read", "refused")
        metrics.operation(f"method/{n}", f"made-up-{n}", 0.1, f"error-{n}")
        metrics.minutes_saved(f"made-up-{n}", 1)
        metrics.refused_token(f"reason-{n}")

    assert 'result="refused",risk="read",tool="unknown"} 1000.0' in "".join(lines(metrics))
    counts = [line for line in lines(metrics) if "duration_seconds_count" in line]
    assert len(counts) <= 201
    assert not any("made-up" in line for line in lines(metrics))


def test_durations_have_the_bounds_of_the_convention_and_three_labels() -> None:
    metrics = Metrics("spark", tools=["get_overview"])

    metrics.operation("tools/call", "get_overview", 0.015, "tool_error")
    metrics.operation("tools/list", "", 400, "")

    found = [line for line in lines(metrics) if line.startswith(DURATION)]
    call = 'error_type="tool_error",gen_ai_tool_name="get_overview",{}mcp_method_name="tools/call"'
    below, above = call.format('le="0.01",'), call.format('le="0.02",')
    assert f"{DURATION}_bucket{{{below}}} 0.0" in found
    assert f"{DURATION}_bucket{{{above}}} 1.0" in found
    listing = 'error_type="",gen_ai_tool_name="",{}mcp_method_name="tools/list"'
    longest = listing.format('le="300",')
    assert f"{DURATION}_bucket{{{longest}}} 0.0" in found
    assert f"{DURATION}_count{{{listing.format('')}}} 1.0" in found


def test_approvals_minutes_and_policy_errors_are_shown() -> None:
    metrics = Metrics("spark", tools=["get_overview"])

    metrics.approval("asked")
    metrics.approval("declined_by_client")
    metrics.minutes_saved("get_overview", 5)
    metrics.minutes_saved("get_overview", 2.5)
    metrics.policy_error()

    found = lines(metrics)
    assert "dragoman_approval_asked_total 1.0" in found
    assert "dragoman_approval_declined_by_client_total 1.0" in found
    assert "dragoman_approval_declined_total 0.0" in found
    assert 'dragoman_minutes_saved_total{server="spark",tool="get_overview"} 7.5' in found
    assert "dragoman_policy_errors_total 1.0" in found


def test_two_servers_in_one_process_count_apart() -> None:
    spark, presto = Metrics("spark"), Metrics("presto")

    spark.policy_error()

    assert "dragoman_policy_errors_total 0.0" in lines(presto)


async def test_a_journal_that_cannot_be_written_raises_the_alarm(tmp_path: Path) -> None:
    class Full(SystemDisk):
        def write(self, fd: int, data: bytes) -> int:
            del fd, data
            raise OSError(28, "No space left on device")

    metrics = Metrics("spark")
    journal = Journal.open(
        tmp_path, server="spark", instance="a", disk=Full(), limits=Limits(retry=3600)
    )
    metrics.watch(journal)
    before = lines(metrics)

    journal.post(Record(kind="intent"))
    await journal.aclose()

    assert "dragoman_audit_unhealthy 0.0" in before
    assert "dragoman_audit_unhealthy 1.0" in lines(metrics)
    assert "dragoman_audit_dropped_total 1.0" in lines(metrics)
