"""The Airflows of the settings, opened for one caller at a time."""

import time
from collections.abc import Callable
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

import anyio

from dragoman.auth.caller import Caller
from dragoman_airflow.api import Airflow
from dragoman_airflow.client.changing2 import Airflow2
from dragoman_airflow.client.changing3 import Airflow3
from dragoman_airflow.client.http import HttpWire
from dragoman_airflow.client.loading import Loading
from dragoman_airflow.client.requests2 import Requests2
from dragoman_airflow.client.session import Session
from dragoman_airflow.client.signing_in import SignIn, account, exchanged
from dragoman_airflow.client.versions import Detected, detect
from dragoman_airflow.client.wire import Wire
from dragoman_airflow.errors import Unreachable
from dragoman_airflow.settings import AirflowSettings, InstanceSetting

if TYPE_CHECKING:
    from dragoman_airflow.client.requests3 import Reads3
    from dragoman_airflow.client.writes3 import Writes3

BELIEVED = 30.0
"""Seconds for which a 404 does not put the version in doubt."""
CALLERS = 1_000
"""Callers whose exchanged tokens are kept."""

WireOf = Callable[[InstanceSetting], Wire]


@dataclass(slots=True)
class _Known:
    """One instance of the settings: its connections and what was found out about it."""

    setting: InstanceSetting
    wire: Wire
    detected: Detected | None = None
    asked: float = 0.0
    requests: "tuple[Reads3, Writes3] | None" = None
    own: SignIn | None = None
    of_callers: dict[str, SignIn] = field(default_factory=dict[str, SignIn])


class Connector:
    """Opens the instances of the settings, and no other address.

    `wire_of` replaces HTTP, for tests on recorded answers. A version is asked for again after a
    404, but not within `believed` seconds.
    """

    def __init__(
        self,
        settings: AirflowSettings,
        wire_of: WireOf | None = None,
        believed: float = BELIEVED,
    ) -> None:
        self._believed = believed
        limiter = anyio.CapacityLimiter(settings.threads)
        self._settings = settings
        self._loading = Loading()
        self._http: list[HttpWire] = []

        def http(instance: InstanceSetting) -> Wire:
            made = HttpWire(settings, limiter, instance.ca_file)
            self._http.append(made)
            return made

        opened = wire_of or http
        self._known = {one.name: _Known(one, opened(one)) for one in settings.instances}

    def start(self) -> None:
        """Begins to load what Airflow 3 needs, in the background."""
        self._loading.start()

    async def open(self, instance: InstanceSetting, caller: Caller) -> Airflow:
        """That Airflow as this caller may ask it. Raises Unreachable and Denied."""
        known = self._known[instance.name]
        detected = known.detected or await self._detect(known)
        sign_in = self._sign_in(known, caller, basic=detected.family == "v1")
        session = Session(
            instance.name,
            known.wire,
            sign_in,
            retry_seconds=self._settings.retry_seconds,
            on_missing=lambda: self._doubt(known),
        )
        url, page = instance.url.rstrip("/"), self._settings.page
        if detected.family == "v1":
            return Airflow2(instance, detected.version, session, page, Requests2(url))
        if known.requests is None:
            known.requests = await self._loading.requests(url)
        return Airflow3(
            instance,
            detected.version,
            session,
            page,
            known.requests,
        )

    async def problem(self) -> str:
        """A sentence when an Airflow does not answer, else ""."""
        problems: list[str] = []

        async def ask(known: _Known) -> None:
            try:
                known.detected = await detect(known.setting, known.wire)
            except Unreachable as error:
                problems.append(str(error))

        async with anyio.create_task_group() as group:
            for known in self._known.values():
                group.start_soon(ask, known)
        return " ".join(sorted(problems))

    async def aclose(self) -> None:
        for wire in self._http:
            wire.close()

    async def _detect(self, known: _Known) -> Detected:
        known.asked = time.monotonic()
        known.detected = await detect(known.setting, known.wire)
        return known.detected

    async def _doubt(self, known: _Known) -> None:
        """At a 404: says so when another version answers there meanwhile."""
        before = known.detected
        if time.monotonic() - known.asked < self._believed:
            return
        now = await self._detect(known)
        if before and now.family != before.family:
            known.own = None
            known.of_callers.clear()
            raise Unreachable(
                f"Airflow {known.setting.name} is version {now.version} now. Ask once more."
            )

    def _sign_in(self, known: _Known, caller: Caller, *, basic: bool) -> SignIn:
        exchange = known.setting.exchange
        if exchange is None:
            known.own = known.own or account(known.setting, known.wire.send, basic=basic)
            return known.own
        who = f"{caller.issuer} {caller.subject}"
        if who not in known.of_callers:
            while len(known.of_callers) >= CALLERS:
                known.of_callers.pop(next(iter(known.of_callers)))
            known.of_callers[who] = exchanged(known.setting, exchange, caller, known.wire.send)
        return known.of_callers[who]
