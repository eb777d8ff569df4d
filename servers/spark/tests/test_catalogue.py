from dragoman_spark import catalogue
from dragoman_spark.verdict.conditions import read_condition


def test_a_condition_has_spark_s_sqlstate_and_message() -> None:
    found = catalogue.lookup("PATH_NOT_FOUND")

    assert found is not None
    assert found.sqlstate == "42K03"
    assert found.template.startswith("Path does not exist")


def test_an_unknown_subcondition_is_read_as_its_condition() -> None:
    assert catalogue.sqlstate("UNRESOLVED_COLUMN.OF_ANOTHER_VERSION") == "42703"


def test_what_spark_does_not_know_has_no_meaning() -> None:
    assert not catalogue.known("MY_OWN_TAG")
    assert read_condition("MY_OWN_TAG") is None


def test_another_product_s_condition_is_read_by_its_sqlstate() -> None:
    reading = read_condition("ACME_BAD_ROW", "22000")

    assert reading is not None
    assert reading.cause == "data_error"
