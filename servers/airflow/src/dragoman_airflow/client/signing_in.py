"""How requests are signed: as this server's account, or in the caller's name by exchange."""

import base64
import time
from collections.abc import Awaitable, Callable, Mapping
from dataclasses import dataclass
from typing import Protocol
from urllib.parse import urlencode

import anyio
import msgspec
from pydantic import SecretStr

from dragoman.auth.caller import Caller
from dragoman_airflow.client.wire import NoAnswer, Request, Response, post_json
from dragoman_airflow.errors import Denied, Unreachable
from dragoman_airflow.settings import Exchange, InstanceSetting

EARLY = 60.0
"""Seconds before its end at which a token is not used any more."""
UNKNOWN_LIFE = 300.0
"""Seconds a token is used that does not say how long it lives."""

Send = Callable[[Request], Awaitable[Response]]


class SignIn(Protocol):
    """Headers that prove who asks."""

    async def headers(self) -> Mapping[str, str]: ...

    def renew(self) -> bool:
        """After a 401: forgets what was refused. False when there is nothing else to try."""
        ...


class Fixed:
    """A token, a name with a password, or nothing: always the same headers."""

    def __init__(self, headers: Mapping[str, str]) -> None:
        self._headers = headers

    async def headers(self) -> Mapping[str, str]:
        return self._headers

    def renew(self) -> bool:
        return False


@dataclass(frozen=True, slots=True)
class _Token:
    value: str
    until: float


class Renewed:
    """A bearer token that is fetched when it is first needed and before it ends."""

    def __init__(self, fetch: Callable[[], Awaitable[tuple[str, float | None]]]) -> None:
        self._fetch = fetch
        self._token: _Token | None = None
        self._one_at_a_time = anyio.Lock()

    async def headers(self) -> Mapping[str, str]:
        async with self._one_at_a_time:
            if self._token is None or time.time() >= self._token.until:
                value, ends = await self._fetch()
                ends = ends if ends is not None else time.time() + UNKNOWN_LIFE
                self._token = _Token(value, ends - EARLY)
            return _bearer(self._token.value)

    def renew(self) -> bool:
        self._token = None
        return True


def account(instance: InstanceSetting, send: Send, *, basic: bool) -> SignIn:
    """The server's own account at that Airflow; `basic` as Airflow 2 wants it."""
    own = instance.account
    if own.token is not None:
        return Fixed(_bearer(own.token.get_secret_value()))
    if own.password is None:
        return Fixed({})
    if basic:
        pair = f"{own.username}:{own.password.get_secret_value()}".encode()
        return Fixed({"Authorization": f"Basic {base64.b64encode(pair).decode()}"})
    password = own.password

    async def fetch() -> tuple[str, float | None]:
        return await _by_password(instance, password, send)

    return Renewed(fetch)


def exchanged(instance: InstanceSetting, exchange: Exchange, caller: Caller, send: Send) -> SignIn:
    """A token in the caller's name; the caller's own token is never sent anywhere."""

    async def fetch() -> tuple[str, float | None]:
        return await _by_exchange(instance, exchange, caller, send)

    return Renewed(fetch)


async def _by_password(
    instance: InstanceSetting, password: SecretStr, send: Send
) -> tuple[str, float | None]:
    where = f"Airflow {instance.name}"
    content = {"username": instance.account.username, "password": password.get_secret_value()}
    request = post_json(f"{instance.url.rstrip('/')}/auth/token", content)
    try:
        answer = await send(request)
    except NoAnswer as error:
        raise Unreachable(f"{where} could not be signed in to: {error.reason}.") from None
    if answer.status in {401, 403, 422}:
        raise Denied(
            f"{where} does not accept the account of the settings ({answer.status}). "
            "Its name or password there has to be corrected."
        )
    token = _grant(answer).access_token if answer.status < 300 else ""
    if not token:
        raise Unreachable(
            f"{where} gave no token for the account of the settings ({answer.status}). "
            "Its auth manager may want a fixed token instead of a password."
        )
    return token, _end_of(token)


async def _by_exchange(
    instance: InstanceSetting, exchange: Exchange, caller: Caller, send: Send
) -> tuple[str, float | None]:
    refused = (
        f"No token for Airflow {instance.name} in the name of {caller.name or 'this caller'}: "
    )
    if not caller.subject:
        raise Denied(refused + "it takes a person, and this call has none.")
    form = {
        "grant_type": "urn:ietf:params:oauth:grant-type:token-exchange",
        "requested_subject": caller.subject,
        "requested_token_type": "urn:ietf:params:oauth:token-type:access_token",
        "audience": exchange.audience,
        "scope": exchange.scope,
    }
    try:
        answer = await send(_form(exchange, form))
    except NoAnswer as error:
        raise Denied(refused + f"the exchange did not answer ({error.reason}).") from None
    token = _grant(answer).access_token if answer.status < 300 else ""
    if not token:
        raise Denied(refused + f"the exchange said no ({answer.status}). Ask its administrators.")
    return token, _life(answer) or _end_of(token)


def _form(exchange: Exchange, form: Mapping[str, str]) -> Request:
    secret = f"{exchange.client_id}:{exchange.client_secret.get_secret_value()}".encode()
    headers = {
        "Content-Type": "application/x-www-form-urlencoded",
        "Accept": "application/json",
        "Authorization": f"Basic {base64.b64encode(secret).decode()}",
    }
    body = urlencode({name: value for name, value in form.items() if value}).encode()
    return Request("POST", exchange.url, headers, body, repeatable=True)


class _Grant(msgspec.Struct):
    access_token: str = ""
    expires_in: float | None = None


class _Claims(msgspec.Struct):
    exp: float | None = None


def _grant(answer: Response) -> _Grant:
    try:
        return msgspec.json.decode(answer.body, type=_Grant, strict=False)
    except msgspec.DecodeError:
        return _Grant()


def _life(answer: Response) -> float | None:
    seconds = _grant(answer).expires_in
    return time.time() + seconds if seconds else None


def _end_of(token: str) -> float | None:
    """`exp` of a JWT, in seconds since the epoch; unverified, as it is the Airflow's own."""
    try:
        claims = token.split(".")[1]
        padded = claims + "=" * (-len(claims) % 4)
        return msgspec.json.decode(base64.urlsafe_b64decode(padded), type=_Claims).exp
    except (IndexError, ValueError):
        return None


def _bearer(token: str) -> Mapping[str, str]:
    return {"Authorization": f"Bearer {token}"}
