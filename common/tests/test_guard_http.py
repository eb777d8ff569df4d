"""The whole HTTP application: tokens, headers, pages and the step-up challenge."""

from collections.abc import AsyncIterator
from ipaddress import ip_network
from pathlib import Path

import pytest
from harbour import PROBE, Sea, harbour
from harbour_http import CAPTAIN, SAILOR, call, legacy, post

from dragoman.settings import Settings
from dragoman.telemetry.record import Record
from dragoman.testing import Era, Served, audited, served, text_of

pytestmark = pytest.mark.anyio

XFCC = {"x-forwarded-client-cert": f"URI={PROBE}"}
PROXY = "10.0.0.1"
HELLO = {
    "protocolVersion": "2025-11-25",
    "capabilities": {},
    "clientInfo": {"name": "test", "version": "1"},
}


@pytest.fixture
async def world(tmp_path: Path) -> AsyncIterator[Served]:
    settings = Settings(
        trusted_peers=(ip_network("10.0.0.0/24"),),
        trust_domain="corp.test",
    )
    async with served(harbour(Sea()), state=tmp_path, settings=settings) as there:
        yield there


async def session_of(world: Served, headers: dict[str, str]) -> str:
    opened = await legacy(world, headers, "initialize", HELLO)
    session = opened.headers["mcp-session-id"]
    await legacy(world, headers, "notifications/initialized", {}, session)
    return session


async def refusals(world: Served) -> list[Record]:
    return [record for record in await audited(world.app) if record.kind == "refusal"]


async def test_person_calls_with_a_token_in_both_eras(world: Served, era: Era) -> None:
    async with world.client(world.bearer(SAILOR), era) as client:
        result = await client.call_tool("find_ships", {"text": "Erna"})

    assert text_of(result) == "done: found Erna 10"


@pytest.mark.parametrize(
    ("claims", "reason"),
    [
        ({"exp": 1_000_000_000}, "expired"),
        ({"nbf": 4_000_000_000}, "not_yet_valid"),
        ({"aud": "http://127.0.0.1:8931/other"}, "audience"),
        ({"aud": None}, "audience"),
        ({"iss": "https://idp.example"}, "issuer"),
        ({"sub": None}, "claim"),
    ],
)
async def test_bad_token_is_a_401_that_says_so_and_is_audited_once(
    world: Served, claims: dict[str, object], reason: str
) -> None:
    answer = await post(world.http, call("find_ships"), world.bearer(SAILOR | claims))
    page = (await world.http.get("/metrics")).text
    (record,) = await refusals(world)

    assert answer.status_code == 401
    assert answer.json()["resource_metadata"] in answer.headers["www-authenticate"]
    assert (record.error, record.subject) == (reason, "")
    assert f'dragoman_auth_refused_total{{reason="{reason}"}} 1.0' in page


async def test_no_token_is_a_401_on_every_path_that_is_not_open(world: Served) -> None:
    answers = [await world.http.get(path) for path in ("/mcp", "/", "/admin", "/mcp/../x")]

    assert [answer.status_code for answer in answers] == [401] * 4
    assert all(answer.json()["error"] for answer in answers)


async def test_token_of_100_kb_is_refused_unread(world: Served) -> None:
    headers = {"authorization": f"Bearer {'a' * 100_000}"}

    answer = await post(world.http, call("find_ships"), headers)

    assert answer.status_code == 401
    assert (await refusals(world))[0].error == "too_large"


async def test_two_authorization_headers_are_refused_though_one_is_good(world: Served) -> None:
    request = call("find_ships")
    good = ("authorization", f"Bearer {world.token(SAILOR)}")
    headers = [*request["headers"].items(), good, good]

    answer = await world.http.post("/mcp", json=request["json"], headers=headers)

    assert answer.status_code == 400
    assert (await refusals(world))[0].error == "several"


async def test_bad_token_beside_a_good_mesh_identity_is_no_way_in(world: Served) -> None:
    async with world.from_peer(PROXY) as proxy:
        alone = await post(proxy, call("find_ships"), XFCC)
        both = await post(proxy, call("find_ships"), XFCC | {"authorization": "Bearer a.b.c"})

    assert (alone.status_code, both.status_code) == (200, 401)


async def test_mesh_header_of_an_untrusted_peer_is_nobody(world: Served) -> None:
    spoofed = XFCC | {"x-forwarded-for": PROXY, "forwarded": f"for={PROXY}", "x-real-ip": PROXY}

    answer = await post(world.http, call("find_ships"), spoofed)

    assert answer.status_code == 401


async def test_service_alone_reads_and_cannot_write(world: Served) -> None:
    async with world.from_peer(PROXY) as proxy:
        read = await post(proxy, call("find_ships"), XFCC)
        written = await post(proxy, call("move_ship", {"ship": "Erna"}), XFCC)
    audit = await audited(world.app)

    assert read.json()["result"]["structuredContent"] == {"done": "found  10"}
    assert written.json()["result"]["content"][0]["text"].startswith("Unknown tool: move_ship.")
    assert {record.workload for record in audit} == {PROBE}
    assert sum(record.minutes for record in audit) == 0


async def test_tool_that_needs_another_scope_steps_up_with_403(world: Served) -> None:
    reader = world.bearer(CAPTAIN | {"scope": "harbour:read"})

    answer = await post(world.http, call("move_ship", {"ship": "Erna"}), reader)
    audit = await audited(world.app)

    assert answer.status_code == 403
    challenge = answer.headers["www-authenticate"]
    assert 'error="insufficient_scope"' in challenge
    assert 'scope="harbour:write"' in challenge
    assert "resource_metadata=" in challenge
    assert [(each.kind, each.tool, each.result) for each in audit] == [
        ("refusal", "move_ship", "refused")
    ]
    assert audit[0].error == "needs the scope harbour:write"
    unread = (audit[0].arguments, audit[0].arguments_digest, audit[0].work_digest)
    assert unread == ("", "", "")


async def test_hidden_tool_does_not_step_up(world: Served) -> None:
    reader = world.bearer(SAILOR | {"scope": "harbour:read"})

    hidden = await post(world.http, call("move_ship", {"ship": "Erna"}), reader)
    unknown = await post(world.http, call("mvoe_ship", {"ship": "Erna"}), reader)

    assert hidden.status_code == unknown.status_code == 200
    assert hidden.text.replace("move_ship", "mvoe_ship") == unknown.text
    assert sorted(hidden.headers) == sorted(unknown.headers)


async def test_handshake_client_without_the_scope_is_told_in_the_protocol(world: Served) -> None:
    reader = world.bearer(CAPTAIN | {"scope": "harbour:read"})
    async with world.client(reader, "legacy") as client:
        result = await client.call_tool("move_ship", {"ship": "Erna"})

    assert result.is_error
    assert "harbour:write" in text_of(result)


async def test_token_without_any_scope_reads_no_prompt_or_resource(world: Served, era: Era) -> None:
    async with world.client(world.bearer(SAILOR | {"scope": None}), era) as client:
        with pytest.raises(Exception, match="harbour:read"):
            await client.get_prompt("pilot")
        with pytest.raises(Exception, match="harbour:read"):
            await client.read_resource("harbour://chart/north")


async def test_headers_that_name_another_tool_than_the_body_run_nothing(world: Served) -> None:
    request = call("move_ship", {"ship": "Erna"})
    request["headers"]["mcp-name"] = "find_ships"

    answer = await post(world.http, request, world.bearer(CAPTAIN | {"scope": "harbour:read"}))

    assert answer.status_code == 400


async def test_list_is_each_callers_own_and_private(world: Served) -> None:
    async with world.client(world.bearer(SAILOR)) as client:
        sailor = await client.list_tools()
    async with world.client(world.bearer(CAPTAIN)) as client:
        captain = await client.list_tools()
    async with world.client(world.bearer({"groups": []})) as client:
        nobody = await client.list_tools()

    names = [{tool.name for tool in each.tools} for each in (nobody, sailor, captain)]
    assert names[0] == set()
    assert names[1] < names[2]
    assert {each.cache_scope for each in (nobody, sailor, captain)} == {"private"}


async def test_another_persons_token_does_not_continue_a_session(world: Served) -> None:
    session = await session_of(world, world.bearer(SAILOR))

    answer = await legacy(world, world.bearer(SAILOR | {"sub": "bob"}), "tools/list", {}, session)

    assert answer.status_code == 404


async def test_groups_that_are_lost_count_at_once_in_a_session(world: Served) -> None:
    session = await session_of(world, world.bearer(SAILOR))
    find = {"name": "find_ships"}

    before = await legacy(world, world.bearer(SAILOR), "tools/call", find, session)
    after = await legacy(world, world.bearer({"groups": []}), "tools/call", find, session)
    listed = await legacy(world, world.bearer({"groups": []}), "tools/list", {}, session)

    assert "found" in before.text
    assert "Unknown tool: find_ships" in after.text
    assert '"tools":[]' in listed.text


async def test_token_that_expires_in_a_session_is_a_401_and_the_next_one_goes_on(
    world: Served,
) -> None:
    session = await session_of(world, world.bearer(SAILOR))
    stale = world.bearer(SAILOR | {"exp": 1_000_000_000})

    expired = await legacy(world, stale, "tools/list", {}, session)
    renewed = await legacy(world, world.bearer(SAILOR), "tools/list", {}, session)

    assert (expired.status_code, renewed.status_code) == (401, 200)
    assert "expired" in expired.json()["error_description"]
