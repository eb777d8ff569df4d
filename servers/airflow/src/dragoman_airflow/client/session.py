"""Requests of one caller to one Airflow: signed, counted, repeated where that is safe."""

from collections.abc import AsyncGenerator, Awaitable, Callable
from contextlib import asynccontextmanager
from dataclasses import replace
from email.utils import parsedate_to_datetime
from urllib.parse import urljoin

from tenacity import (
    AsyncRetrying,
    RetryCallState,
    retry_if_exception,
    stop_after_attempt,
    stop_before_delay,
    wait_exponential_jitter,
)

from dragoman_airflow.client.answers import Ask, Json, NotThere, check, read_object, unreachable
from dragoman_airflow.client.signing_in import SignIn
from dragoman_airflow.client.wire import NoAnswer, Request, Response, Streamed, Wire, origin
from dragoman_airflow.errors import AnswerLost

ATTEMPTS = 4
REDIRECTS = 3
BUSY = frozenset({429, 500, 502, 503, 504})
"""Answers after which a read is tried again; Airflow on SQLite answers 500 under load."""
PAUSE = wait_exponential_jitter(multiplier=0.2, max=2.0, jitter=0.2)


class _Busy(Exception):
    def __init__(self, answer: Response) -> None:
        super().__init__()
        self.answer = answer


class Session:
    """What one opened Airflow sends through.

    `on_missing` is awaited before a 404 is believed: after an upgrade every address is another.
    """

    def __init__(
        self,
        name: str,
        wire: Wire,
        sign_in: SignIn,
        *,
        retry_seconds: float,
        on_missing: Callable[[], Awaitable[None]],
    ) -> None:
        self.name = name
        self.requests = 0
        self._wire = wire
        self._sign_in = sign_in
        self._seconds = retry_seconds
        self._on_missing = on_missing

    async def get(self, request: Request, ask: Ask) -> Json:
        """The JSON object it answers with."""
        return read_object(self.name, await self.send(request, ask), ask)

    async def send(self, request: Request, ask: Ask) -> Response:
        """The answer, if it is a success. Raises NotThere at 404, else an AirflowError.

        AnswerLost: the request may or may not have been carried out.
        """
        retrying = AsyncRetrying(
            stop=stop_after_attempt(ATTEMPTS) | stop_before_delay(self._seconds),
            wait=_pause,
            retry=retry_if_exception(lambda error: _may_repeat(request, error)),
            reraise=True,
        )
        try:
            answer: Response = await retrying(self._followed, request)
        except _Busy as busy:
            answer = busy.answer
        except NoAnswer as error:
            if error.sent and not request.repeatable:
                raise self._lost(ask, error.reason) from None
            raise unreachable(self.name, ask, error) from None
        if answer.status >= 500 and not request.repeatable:
            raise self._lost(ask, f"it answered {answer.status}")
        return await self._checked(answer, ask)

    @asynccontextmanager
    async def stream(self, request: Request, ask: Ask) -> AsyncGenerator[Streamed]:
        """The open answer, if it is a success; one that breaks off later raises Unreachable."""
        renewed = False
        while True:
            self.requests += 1
            signed = request.with_headers(await self._sign_in.headers())
            try:
                async with self._wire.stream(signed) as answer:
                    if answer.status == 401 and not renewed and self._sign_in.renew():
                        renewed = True
                        continue
                    await self._believe(answer, ask)
                    yield replace(answer, chunks=self._unbroken(answer, ask))
            except NoAnswer as error:
                raise unreachable(self.name, ask, error) from None
            return

    async def _unbroken(self, answer: Streamed, ask: Ask) -> AsyncGenerator[bytes]:
        try:
            async for chunk in answer.chunks:
                yield chunk
        except NoAnswer as error:
            raise unreachable(self.name, ask, error) from None

    async def _followed(self, request: Request) -> Response:
        answer = await self._once(request)
        if answer.status == 401 and self._sign_in.renew():
            answer = await self._once(request)
        for _ in range(REDIRECTS):
            target = urljoin(request.url, answer.headers.get("location", ""))
            moved = answer.status in {301, 302, 307, 308} and request.method == "GET"
            if not moved or origin(target) != request.origin:
                break
            request = replace(request, url=target)
            answer = await self._once(request)
        if answer.status in BUSY:
            raise _Busy(answer)
        return answer

    async def _once(self, request: Request) -> Response:
        signed = request.with_headers(await self._sign_in.headers())
        self.requests += 1
        return await self._wire.send(signed)

    async def _checked(self, answer: Response, ask: Ask) -> Response:
        await self._believe(answer, ask, answer.body)
        return answer

    async def _believe(self, answer: Response | Streamed, ask: Ask, body: bytes = b"") -> None:
        try:
            check(self.name, answer, ask, body)
        except NotThere:
            await self._on_missing()
            raise

    def _lost(self, ask: Ask, reason: str) -> AnswerLost:
        return AnswerLost(
            f"Airflow {self.name} was asked to {ask.what}, but {reason}: it may have been done "
            "or not. Look before it is done again."
        )


def _may_repeat(request: Request, error: BaseException) -> bool:
    match error:
        case NoAnswer():
            return request.repeatable or not error.sent
        case _Busy():
            return request.repeatable
        case _:
            return False


def _pause(state: RetryCallState) -> float:
    """Seconds until the next attempt: as long as the server asks for, else a little longer."""
    error = state.outcome.exception() if state.outcome else None
    asked = _retry_after(error.answer) if isinstance(error, _Busy) else 0.0
    return max(asked, PAUSE(state))


def _retry_after(answer: Response) -> float:
    said = answer.headers.get("retry-after", "").strip()
    if said.isdigit():
        return float(said)
    try:
        now = parsedate_to_datetime(answer.headers.get("date", ""))
        return (parsedate_to_datetime(said) - now).total_seconds()
    except (TypeError, ValueError):
        return 0.0
