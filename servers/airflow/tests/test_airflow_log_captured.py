"""Logs of real Airflows, 3.3.2 and 2.11.2, of tasks that failed in different ways."""

import pytest
from airflow_log_samples import captured, digest_of

from dragoman_airflow.logs.causes import Cause
from dragoman_airflow.logs.exceptions import rendered
from dragoman_airflow.logs.facts import find_cause

FAILED = {
    "crm_pull_1": (Cause.SERVICE_UNREACHABLE, "crm gateway restarted while pulling page 3"),
    "fx_rates_1": (Cause.EXPLICIT_FAILURE, "rates file is dated 2026-11-02"),
    "image_resize_1": (Cause.KILLED, "Process terminated by signal"),
    "invoices_export_1": (Cause.COMMAND_FAILED, "merchant account 4471 is suspended"),
    "nightly_cleanup_1": (Cause.NOT_FOUND, "/landing/2026-11-06/_SUCCESS"),
    "orders_daily_1": (Cause.BAD_DATA, "row 1184 has no currency"),
    "plant_calibration_1": (Cause.CODE_ERROR, "device press-7 reports a span of 0"),
    "stock_sync_1": (Cause.COMMAND_FAILED, 'column "sku_code" of relation "stock"'),
}
BOTH = sorted(set(FAILED) - {"image_resize_1", "plant_calibration_1"})
OF_BOTH = [f"af3_{name}.ndjson" for name in FAILED] + [f"af2_{name}.txt" for name in BOTH]


@pytest.mark.parametrize("name", OF_BOTH)
def test_the_cause_of_a_real_log_is_stated_with_its_words(name: str) -> None:
    cause, words = FAILED[name.split("_", 1)[1].rsplit(".", 1)[0]]
    digest = digest_of(*captured(name), step=100)

    found = find_cause(digest)
    ending = digest.ending

    assert found.cause is cause
    assert ending is not None
    said = [*rendered(ending.chain), *(line.text for line in found.hints), ending.line.text]
    assert words in "\n".join(said)


@pytest.mark.parametrize(
    "name", ["crm_pull_1", "fx_rates_1", "nightly_cleanup_1", "orders_daily_1"]
)
def test_one_failure_has_one_signature_on_both_versions(name: str) -> None:
    new = digest_of(*captured(f"af3_{name}.ndjson")).ending
    old = digest_of(*captured(f"af2_{name}.txt")).ending

    assert new is not None
    assert old is not None
    assert new.signature == old.signature


def test_tries_with_the_same_failure_have_the_same_signature() -> None:
    first = digest_of(*captured("af3_plant_calibration_1.ndjson")).ending
    third = digest_of(*captured("af3_plant_calibration_3.ndjson")).ending

    assert first is not None
    assert third is not None
    assert first.signature == third.signature


@pytest.mark.parametrize(
    ("one", "two"),
    [
        ("af3_fx_rates_1.ndjson", "af3_fx_rates_1.json"),
        ("af2_fx_rates_1.txt", "af2_fx_rates_1.json"),
    ],
)
def test_both_forms_of_one_log_give_the_same_numbers_words_and_failure(one: str, two: str) -> None:
    first, second = digest_of(*captured(one)), digest_of(*captured(two), step=33)

    assert first.counts.lines == second.counts.lines
    assert [(line.number, line.text) for line in first.tail] == [
        (line.number, line.text) for line in second.tail
    ]
    assert first.ending is not None
    assert second.ending is not None
    assert first.ending.line.number == second.ending.line.number


def test_the_setting_up_of_a_task_is_no_context_of_its_failure() -> None:
    ending = digest_of(*captured("af3_fx_rates_1.ndjson")).ending

    assert ending is not None
    assert [line.logger for line in ending.before] == ["acme.ingest", "acme.ingest"]
