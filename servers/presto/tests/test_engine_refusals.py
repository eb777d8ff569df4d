"""What a coordinator, or what stands in its place, can do wrong: told in one sentence each."""

import json
import ssl
import subprocess
import threading
from collections.abc import Callable, Iterator
from http.server import BaseHTTPRequestHandler, HTTPServer
from pathlib import Path

import pytest
from fake_coordinator import FakeCoordinator, Script, Turn

from dragoman.errors import DragomanError
from dragoman_presto.engine.connect import Engine
from dragoman_presto.engine.errors import (
    CoordinatorConfused,
    CoordinatorRefused,
    CoordinatorUnreachable,
    QueryForgotten,
)
from dragoman_presto.engine.headers import Identity

pytestmark = pytest.mark.anyio

Fake = Callable[..., FakeCoordinator]
Connect = Callable[..., Engine]

HTML = b"<html><body>secret upstream text</body></html>"

HOSTILE = [
    "http://127.0.0.2:{port}/v1/statement/executing/{id}/2?slug=x",
    "http://127.0.0.1:1/v1/statement/executing/{id}/2?slug=x",
    "https://127.0.0.1:{port}/v1/statement/executing/{id}/2?slug=x",
    "http://127.0.0.1:{port}@evil.example/v1/statement/executing/{id}/2?slug=x",
    "http://evil.example#@127.0.0.1:{port}/v1/statement/executing/{id}/2",
    "http://127.0.0.1:{port}/v1/statement/executing/another_query/2?slug=x",
    "http://127.0.0.1:{port}/v1/statement/../query/{id}",
    "http://127.0.0.1:{port}/v1/query/{id}",
    "http://127.0.0.1:{port}/v1/statement/%2e%2e/{id}",
    "//127.0.0.1:{port}/v1/statement/executing/{id}/2",
    "file:///etc/passwd",
    "http://[::1/v1/statement/executing/{id}/2",
    "http://127.0.0.1:notaport/v1/statement/executing/{id}/2",
]


@pytest.mark.parametrize("address", HOSTILE)
@pytest.mark.parametrize("minted", [True, False])
async def test_a_hostile_next_address_is_not_followed_and_the_query_is_ended(
    fake: Fake, engine: Connect, alice: Identity, address: str, *, minted: bool
) -> None:
    query_id = "20261125_000000_00001_fakes"
    turns = [Turn([[1]]), Turn([[2]], next_uri="")]
    coordinator = fake(Script(turns, forever=Turn([[3]])), takes_minted=minted)
    port = coordinator.url.rpartition(":")[2]
    turns[1] = Turn([[2]], next_uri=address.format(port=port, id=query_id))

    with pytest.raises(CoordinatorConfused, match="not followed"):
        await engine(coordinator.url).rows("q", alice)

    assert coordinator.ended == coordinator.ids("q")
    assert len([each for each in coordinator.of("GET") if each.path.endswith("slug=x")]) == 0


async def test_a_next_address_of_an_inner_host_is_followed_at_the_outer_one_when_configured(
    fake: Fake, engine: Connect, alice: Identity
) -> None:
    turns = [Turn([[1]]), Turn([[2]])]
    coordinator = fake(Script(turns), takes_minted=False)
    inner = "http://presto.internal:8080/v1/statement/executing/{id}/9?slug=xslug{id}"
    query_id = "20261125_000000_00001_fakes"
    turns[0] = Turn([[1]], next_uri=inner.format(id=query_id))

    result = await engine(coordinator.url, next_uri="rewrite").rows("q", alice)

    assert result.rows == [[1], [2]]


@pytest.mark.parametrize(
    ("turn", "problem", "says"),
    [
        (Turn(status=401, raw=HTML, kind="text/html"), CoordinatorRefused, "credentials"),
        (Turn(status=403, raw=HTML, kind="text/html"), CoordinatorRefused, "credentials"),
        (Turn(raw=HTML, kind="text/html"), CoordinatorConfused, "not Presto"),
        (Turn(raw=b'{"id": 7}'), CoordinatorConfused, "not Presto"),
        (Turn(raw=b"["), CoordinatorConfused, "not Presto"),
        (Turn(raw=b"[" * 100_000), CoordinatorConfused, "not Presto"),
        (Turn(status=500, raw=HTML), CoordinatorConfused, "status 500"),
        (Turn(status=400, raw=HTML), CoordinatorConfused, "status 400"),
        (Turn(status=302, raw=b"", location="http://evil.example/"), CoordinatorConfused, "redir"),
        (Turn(status=307, raw=b"", location="/v1/statement"), CoordinatorConfused, "redirects"),
        (Turn(status=410, raw=HTML), QueryForgotten, "does not know"),
        (Turn(raw=b"x" * 3_000_000), CoordinatorConfused, "larger than"),
    ],
)
@pytest.mark.parametrize("when", ["submitted", "polled"])
async def test_no_answer_of_presto_is_told_in_a_sentence_and_never_passed_on(
    fake: Fake,
    engine: Connect,
    alice: Identity,
    turn: Turn,
    problem: type[DragomanError],
    says: str,
    when: str,
) -> None:
    script = Script([turn]) if when == "polled" else Script(submissions=[turn])
    coordinator = fake(script, takes_minted=False)

    with pytest.raises(problem, match=says) as raised:
        await engine(coordinator.url, answer_bytes=2_000_000, retry_seconds=0).rows("q", alice)

    assert "secret" not in str(raised.value)


async def test_a_coordinator_that_is_down_is_named(engine: Connect, alice: Identity) -> None:
    closed = HTTPServer(("127.0.0.1", 0), BaseHTTPRequestHandler)
    closed.server_close()
    address = f"http://127.0.0.1:{closed.server_port}"

    with pytest.raises(CoordinatorUnreachable, match="Coordinator test cannot be reached"):
        await engine(address, retry_seconds=0).rows("q", alice)


async def test_a_coordinator_that_accepts_and_never_answers_is_given_up(
    fake: Fake, engine: Connect, alice: Identity
) -> None:
    hanging = threading.Event()
    coordinator = fake(Script(submissions=[Turn(until=hanging)]), takes_minted=False)

    with pytest.raises(CoordinatorUnreachable, match="too slow"):
        await engine(coordinator.url, read_seconds=0.3, retry_seconds=0).rows("q", alice)
    hanging.set()


class Quiet(HTTPServer):
    """Says nothing of handshakes that fail: they are what is tested."""

    def handle_error(self, request: object, client_address: object) -> None:
        del request, client_address


@pytest.fixture
def tls_server(tmp_path: Path) -> Iterator[str]:
    """An https server with a certificate that nobody signed."""
    key, certificate = tmp_path / "key.pem", tmp_path / "cert.pem"
    made = ["openssl", "req", "-x509", "-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:P-256"]
    made += [
        "-nodes",
        "-days",
        "2",
        "-subj",
        "/CN=presto",
        "-addext",
        "subjectAltName=IP:127.0.0.1",
    ]
    made += ["-keyout", str(key), "-out", str(certificate)]
    subprocess.run(made, check=True, capture_output=True)
    server = Quiet(("127.0.0.1", 0), BaseHTTPRequestHandler)
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.load_cert_chain(certificate, key)
    server.socket = context.wrap_socket(
        server.socket, server_side=True, do_handshake_on_connect=False
    )
    serving = threading.Thread(target=server.serve_forever, args=(0.02,))
    serving.start()
    yield f"https://127.0.0.1:{server.server_port}"
    server.shutdown()
    serving.join()
    server.server_close()


async def test_a_certificate_of_nobody_is_refused_before_anything_is_sent(
    tls_server: str, engine: Connect, alice: Identity
) -> None:
    with pytest.raises(CoordinatorConfused, match="certificate"):
        await engine(tls_server, retry_seconds=0).rows("q", alice)


async def test_a_query_that_nobody_knows_is_said_to_be_forgotten_and_where_to_look(
    fake: Fake, engine: Connect, alice: Identity
) -> None:
    coordinator = fake(Script())

    with pytest.raises(QueryForgotten, match="query history"):
        await engine(coordinator.url).info("20261125_000000_00001_fakes", alice)


@pytest.mark.parametrize("query_id", ["", "../info", "a b", "A", "x?y", "é", "a" * 200])
async def test_what_is_no_query_id_is_never_asked_for(
    fake: Fake, engine: Connect, alice: Identity, query_id: str
) -> None:
    coordinator = fake(Script())

    with pytest.raises(QueryForgotten, match="looks like"):
        await engine(coordinator.url).info(query_id, alice)

    assert coordinator.seen == []


async def test_the_facts_of_a_query_are_read(fake: Fake, engine: Connect, alice: Identity) -> None:
    coordinator = fake(Script())
    facts = {
        "queryId": "q1",
        "state": "FAILED",
        "query": "select 1",
        "session": {"user": "bob", "clientTags": ["a"]},
        "queryStats": {"totalDrivers": 7, "rawInputDataSize": "1.5kB", "elapsedTime": "2.00m"},
        "errorCode": {"name": "DIVISION_BY_ZERO", "type": "USER_ERROR"},
    }
    coordinator.infos["q1"] = Turn(raw=json.dumps(facts).encode())

    info = await engine(coordinator.url).info("q1", alice)

    assert (info.state, info.session.user, info.query_stats.total_drivers) == ("FAILED", "bob", 7)
    assert info.error_code is not None
    assert info.error_code.name == "DIVISION_BY_ZERO"
