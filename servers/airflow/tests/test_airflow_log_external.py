import pytest
from airflow_log_ordinary import ordinary_lines
from airflow_log_samples import digest_of, ndjson, record

from dragoman.answer.handover import Handover
from dragoman_airflow.logs.external import Kind, ids_in

QUERY = "20261124_191041_00012_x7k2p"
NAMED = [
    ("Submitted application application_1700000000000_0042", Kind.YARN),
    ("tracking URL: http://rm:8088/proxy/application_1700000000000_0042/", Kind.YARN),
    ("Application report for application_1700000000000_12345 (state: RUNNING)", Kind.YARN),
    ("submission app-20261124191041-0000 is RUNNING", Kind.SPARK),
    ("(master = local[*], app id = local-1795550047722).", Kind.SPARK),
    ("Logging events to file:/logs/local-1795550047722.inprogress by spark", Kind.SPARK),
    ("spark-app-selector: spark-0123456789abcdef0123456789abcdef", Kind.SPARK),
    (f"Query {QUERY} failed: line 1:8: Column 'x' cannot be resolved", Kind.PRESTO),
    (f"http://presto:8080/ui/query.html?{QUERY}", Kind.PRESTO),
    (f"GET http://presto:8080/v1/statement/executing/{QUERY}/y1/0", Kind.PRESTO),
    (f"TrinoUserError(type=USER_ERROR, query_id={QUERY})", Kind.PRESTO),
    (f"submitted {QUERY}", Kind.PRESTO),
    ("Presto query id: 20261124_191041_00012_abcde.", Kind.PRESTO),
    ("Building pod load-orders-x7k2p9qz with labels: {'dag_id': 'x'}", Kind.POD),
    ("Pod airflow-worker-0 returned a failure", Kind.POD),
    ("Deleting pod: base-load-8f3k2m1q", Kind.POD),
]


@pytest.mark.parametrize(("said", "kind"), NAMED)
def test_an_id_is_found_where_a_line_names_it(said: str, kind: Kind) -> None:
    assert [found for found, _ in ids_in(said)] == [kind]


@pytest.mark.parametrize(
    "said",
    [
        f"query results in /exports/{QUERY}.csv",
        "Query 20261324_191041_00012_x7k2p failed",
        "Query 20261124_256041_00012_x7k2p failed",
        "application_20261124_0001 is a table",
        "local-1795550047722 is a bucket",
        f"x{QUERY}",
        f"{QUERY}_part",
        "spark-0123456789abcdef0123456789abcdef0",
        "app-20261399000000-0000",
    ],
)
def test_what_only_looks_like_an_id_is_none(said: str) -> None:
    assert list(ids_in(said)) == []


@pytest.mark.proof
def test_ten_thousand_ordinary_lines_name_no_other_system(rounds: int) -> None:
    for seed in range(max(1, rounds // 20)):
        lines = ordinary_lines(10_000, seed)

        assert [(line, list(ids_in(line))) for line in lines if list(ids_in(line))] == []


def test_ids_are_found_among_ordinary_lines_once_each_with_their_first_line() -> None:
    lines = [record(line) for line in ordinary_lines(3_000, 7)]
    lines[1_500] = record("Presto query", query_id=QUERY)
    lines[1_700] = record(f"Query {QUERY} FAILED")
    lines[2_000] = record("Submitted application application_1700000000000_0042")

    found = digest_of(ndjson(*lines)).external

    assert [(one.kind, one.id, one.line) for one in found] == [
        (Kind.PRESTO, QUERY, 1_501),
        (Kind.YARN, "application_1700000000000_0042", 2_001),
    ]
    assert [one.handover for one in found] == [
        Handover(server="presto", tool="get_query", arguments={"query_id": QUERY}),
        Handover(
            server="spark",
            tool="diagnose_application",
            arguments={"application_id": "application_1700000000000_0042"},
        ),
    ]


def test_the_ids_of_a_log_are_bounded() -> None:
    lines = [record(f"Query 20261124_191041_{number:05d}_x7k2p done") for number in range(500)]

    assert len(digest_of(ndjson(*lines)).external) == 50
