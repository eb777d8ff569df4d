"""Pages, limits and malformed requests around the MCP endpoint."""

import json
from collections.abc import AsyncIterator
from pathlib import Path

import pytest
from harbour import Sea, harbour
from harbour_http import SAILOR, call, post

from dragoman.settings import Settings
from dragoman.testing import Served, audited, served

pytestmark = pytest.mark.anyio


@pytest.fixture
async def world(tmp_path: Path) -> AsyncIterator[Served]:
    settings = Settings(allowed_origins=("https://chat.corp.test",), body_limit=20_000)
    async with served(harbour(Sea()), state=tmp_path, settings=settings) as there:
        yield there


async def test_well_known_documents_are_json_also_when_not_found(world: Served) -> None:
    found = await world.http.get("/.well-known/oauth-protected-resource/mcp")
    missing = await world.http.get("/.well-known/oauth-authorization-server")

    assert found.json()["resource"] == "http://127.0.0.1:8931/mcp"
    assert found.json()["scopes_supported"] == ["harbour:read", "harbour:write"]
    assert (missing.status_code, missing.json()["error"]) == (404, "not_found")


@pytest.mark.parametrize("path", ["/", "/nothing", "/mcp/x", "/metrics/x", "/healthz/"])
async def test_unknown_path_answers_in_json(world: Served, path: str) -> None:
    answer = await world.http.get(path, headers=world.bearer(SAILOR))

    assert (answer.status_code, answer.json()["error"]) == (404, "not_found")


async def test_wrong_method_answers_in_json(world: Served) -> None:
    answer = await world.http.post("/healthz", headers=world.bearer(SAILOR))

    assert (answer.status_code, answer.json()["error"]) == (405, "not_allowed")


async def test_body_over_the_limit_is_a_413_and_runs_nothing(world: Served) -> None:
    request = call("find_ships", {"text": "a" * 30_000})

    answer = await post(world.http, request, world.bearer(SAILOR))

    assert answer.status_code == 413


@pytest.mark.parametrize(
    ("headers", "status"),
    [
        ({"host": "evil.example"}, 421),
        ({"origin": "https://evil.example"}, 403),
        ({"origin": "null"}, 403),
        ({"origin": "https://chat.corp.test"}, 200),
    ],
)
async def test_hosts_and_origins_are_those_of_the_lists(
    world: Served, headers: dict[str, str], status: int
) -> None:
    answer = await post(world.http, call("find_ships"), world.bearer(SAILOR) | headers)

    assert answer.status_code == status


@pytest.mark.parametrize("body", [b"", b"{", b"\xff\xfe", b"[]", b'{"jsonrpc":"2.0"}', b"null"])
async def test_body_that_is_no_message_is_refused_in_json(world: Served, body: bytes) -> None:
    headers = call("find_ships")["headers"] | world.bearer(SAILOR)
    headers["content-type"] = "application/json"

    answer = await world.http.post("/mcp", content=body, headers=headers)

    assert answer.status_code == 400
    assert json.loads(answer.text)["error"]


async def test_lone_surrogates_and_control_characters_in_a_name_are_an_error_and_no_crash(
    world: Served,
) -> None:
    request = call("x")
    body = json.dumps(request["json"]).replace('"x"', '"\\ud800\\u0000"')
    headers = request["headers"] | world.bearer(SAILOR) | {"content-type": "application/json"}

    answer = await world.http.post("/mcp", content=body, headers=headers)

    assert answer.status_code in {200, 400}
    assert json.loads(answer.text)


async def test_pages_tell_no_secret_and_name_no_person(world: Served) -> None:
    await post(world.http, call("find_ships"), world.bearer(SAILOR))

    pages = [await world.http.get(path) for path in ("/healthz", "/readyz", "/metrics")]

    assert [page.status_code for page in pages] == [200] * 3
    assert "alice" not in "".join(page.text for page in pages)


@pytest.mark.parametrize("arguments", [[], "text", 3])
async def test_call_whose_parameters_are_malformed_is_audited_as_a_protocol_error(
    world: Served, arguments: object
) -> None:
    request = call("find_ships")
    request["json"]["params"]["arguments"] = arguments

    answer = await post(world.http, request, world.bearer(SAILOR))
    page = (await world.http.get("/metrics")).text
    audit = await audited(world.app)

    assert answer.status_code == 400
    assert [(each.kind, each.tool, each.subject, each.result) for each in audit] == [
        ("refusal", "find_ships", "alice", "protocol_error")
    ]
    assert 'error_type="-32602",gen_ai_tool_name="find_ships"' in page


async def test_duration_of_a_failed_call_is_told_from_that_of_a_good_one(world: Served) -> None:
    await post(world.http, call("find_ships"), world.bearer(SAILOR))
    await post(world.http, call("find_berth"), world.bearer(SAILOR))

    page = (await world.http.get("/metrics")).text

    assert 'error_type="",gen_ai_tool_name="find_ships"' in page
    assert 'error_type="tool_error",gen_ai_tool_name="find_berth"' in page
