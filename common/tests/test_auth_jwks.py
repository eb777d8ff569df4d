import asyncio
import logging
from collections.abc import Callable
from dataclasses import dataclass, field, replace

import httpx2
import pytest

from dragoman.auth.issuer import DevelopmentIssuer, dev_token
from dragoman.auth.jwks import Lifetimes
from dragoman.auth.jwt import Tokens
from dragoman.auth.refusal import TokenRefused

pytestmark = pytest.mark.anyio

URL = "http://127.0.0.1:9000"
HERE = "spark"
TIMES = Lifetimes(retry_wait=0.0, tries=2)


@pytest.fixture
def anyio_backend() -> str:
    return "asyncio"


@dataclass
class World:
    """An issuer whose key endpoint can be down, slow, or talking nonsense."""

    now: float = 1_800_000_000.0
    times: Lifetimes = TIMES
    fetches: int = 0
    answer: Callable[[], httpx2.Response] | None = None
    gate: asyncio.Event | None = None
    issuer: DevelopmentIssuer = field(init=False)
    tokens: Tokens = field(init=False)

    def __post_init__(self) -> None:
        self.issuer = DevelopmentIssuer(URL, clock=self.clock, environment={})
        self.tokens = Tokens(
            [self.issuer.trusted_for(HERE)],
            transport=httpx2.MockTransport(self.serve),
            lifetimes=self.times,
            clock=self.clock,
            monotonic=self.clock,
        )

    def clock(self) -> float:
        return self.now

    async def serve(self, request: httpx2.Request) -> httpx2.Response:
        assert str(request.url) == f"{URL}/jwks.json"
        self.fetches += 1
        if self.gate:
            await self.gate.wait()
        return self.answer() if self.answer else httpx2.Response(200, json=self.issuer.jwks())

    def token(self, name: str = "alice") -> str:
        return dev_token(self.issuer, {"sub": name, "aud": HERE})

    async def reason(self, token: str) -> str:
        """What verifying the token comes to: its refusal, or "good"."""
        try:
            await self.tokens.verify(token)
        except TokenRefused as refusal:
            return refusal.reason
        return "good"


def down() -> httpx2.Response:
    raise httpx2.ConnectError("refused")


def failing() -> httpx2.Response:
    return httpx2.Response(503)


def nonsense() -> httpx2.Response:
    return httpx2.Response(200, text="<html>maintenance</html>")


def endless() -> httpx2.Response:
    return httpx2.Response(200, content=b" " * 2_000_000)


DOWN = [down, failing, nonsense, endless]


async def test_keys_are_fetched_once_for_any_number_of_calls_at_once() -> None:
    world = World(gate=asyncio.Event())
    tokens = [world.token(f"p{each}") for each in range(20)]
    assert world.gate

    calls = [asyncio.create_task(world.reason(token)) for token in tokens]
    await asyncio.sleep(0)
    world.gate.set()
    reasons = await asyncio.gather(*calls)

    assert set(reasons) == {"good"}
    assert world.fetches == 1


@pytest.mark.parametrize("fault", DOWN)
async def test_known_keys_go_on_while_the_endpoint_is_down(
    fault: Callable[[], httpx2.Response],
) -> None:
    world = World()
    await world.tokens.verify(world.token())
    world.answer = fault

    for passed in (61, 600, 2900):
        world.now += passed

        assert await world.reason(world.token(str(passed))) == "good"


@pytest.mark.parametrize("fault", DOWN)
async def test_known_keys_end_at_their_longest_age(fault: Callable[[], httpx2.Response]) -> None:
    world = World()
    await world.tokens.verify(world.token())
    world.answer = fault

    world.now += world.times.longest + 1

    assert await world.reason(world.token("late")) == "keys_unavailable"
    assert await world.reason(world.token("later")) == "keys_unavailable"
    assert world.tokens.without_keys == (URL,)


@pytest.mark.parametrize("fault", DOWN)
async def test_server_started_without_the_endpoint_works_as_soon_as_it_answers(
    fault: Callable[[], httpx2.Response],
) -> None:
    world = World(answer=fault)
    await world.tokens.load()
    before = await world.reason(world.token())

    world.answer = None
    world.now += world.times.pause

    assert before == "keys_unavailable"
    assert await world.reason(world.token()) == "good"
    assert not world.tokens.without_keys


async def test_endpoint_that_is_down_is_not_asked_at_every_call() -> None:
    world = World(answer=down)

    for _ in range(50):
        await world.reason(world.token())

    assert world.fetches == world.times.tries


async def test_slow_endpoint_does_not_hold_up_calls_with_known_keys() -> None:
    world = World(times=replace(TIMES, patience=0.0, deadline=3600.0))
    await world.tokens.verify(world.token())
    world.gate = asyncio.Event()

    for passed in (61, 121, 1000):
        world.now += passed

        assert await world.reason(world.token(str(passed))) == "good"
    world.gate.set()
    await world.tokens.aclose()


async def test_endpoint_that_never_answers_is_given_up() -> None:
    world = World(times=replace(TIMES, deadline=0.0), gate=asyncio.Event())

    assert await world.reason(world.token()) == "keys_unavailable"


async def test_rotated_key_is_taken_at_once() -> None:
    world = World()
    await world.tokens.verify(world.token())

    world.issuer.rotate()
    world.now += world.times.pause

    assert await world.reason(world.token()) == "good"


async def test_made_up_key_ids_cause_one_fetch_in_a_pause_and_do_not_hide_a_rotated_key() -> None:
    world = World()
    await world.tokens.verify(world.token())
    strangers = [DevelopmentIssuer(URL, clock=world.clock, environment={}) for _ in range(30)]
    made_up = [dev_token(each, {"aud": HERE}) for each in strangers]
    start = world.fetches

    world.now += world.times.pause
    reasons = {await world.reason(token) for token in made_up}
    world.issuer.rotate()
    early = await world.reason(world.token())
    within = world.fetches - start
    world.now += world.times.pause
    reasons |= {await world.reason(made_up[0])}

    assert reasons == {"key_unknown"}
    assert early == "key_unknown"
    assert within == 1
    assert await world.reason(world.token()) == "good"


async def test_withdrawn_key_stops_in_its_stated_time_and_remembered_tokens_with_it() -> None:
    world = World()
    old = world.token()
    world.issuer.rotate()
    await world.tokens.verify(old)
    world.issuer.withdraw()

    world.now += world.times.fresh + world.times.grace + world.times.pause

    assert await world.reason(old) == "key_unknown"


async def test_remembered_token_is_forgotten_when_the_keys_change() -> None:
    world = World()
    old = world.token()
    await world.tokens.verify(old)
    world.now += 59
    await world.tokens.verify(old)

    world.issuer.rotate()
    world.issuer.withdraw()
    world.now += 2
    await world.tokens.verify(world.token())

    assert await world.reason(old) == "key_unknown"


async def test_remembered_token_needs_no_key_set() -> None:
    world = World()
    token = world.token()
    first = await world.tokens.verify(token)

    world.now += 29

    assert await world.tokens.verify(token) is first


async def test_all_keys_can_be_withdrawn() -> None:
    world = World()
    await world.tokens.verify(world.token())
    world.answer = lambda: httpx2.Response(200, json={"keys": []})

    world.now += world.times.fresh + world.times.grace + 1

    assert await world.reason(world.token("late")) == "key_unknown"


async def test_redirect_of_the_endpoint_is_not_followed() -> None:
    world = World()
    world.answer = lambda: httpx2.Response(302, headers={"location": "http://evil.test/jwks.json"})

    assert await world.reason(world.token()) == "keys_unavailable"


async def test_caller_that_goes_away_does_not_end_the_fetch_for_the_others() -> None:
    world = World(gate=asyncio.Event())
    assert world.gate
    gone = asyncio.create_task(world.reason(world.token("gone")))
    stays = asyncio.create_task(world.reason(world.token("stays")))
    await asyncio.sleep(0)

    gone.cancel()
    world.gate.set()

    assert await stays == "good"
    assert world.fetches == 1


async def test_outage_is_logged_with_the_address(caplog: pytest.LogCaptureFixture) -> None:
    world = World(answer=down)

    with caplog.at_level(logging.WARNING, "dragoman.auth.jwks"):
        await world.tokens.load()

    assert caplog.messages == [f"keys of {URL}/jwks.json not fetched: ConnectError"]
