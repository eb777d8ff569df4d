"""Which Airflow answers at an address: asked once, and again when addresses are gone."""

from dataclasses import dataclass
from typing import Literal

import msgspec

from dragoman_airflow.client.wire import NoAnswer, Request, Response, Wire
from dragoman_airflow.errors import Unreachable
from dragoman_airflow.settings import InstanceSetting

Family = Literal["v1", "v2"]

JSON_ONLY = {"Accept": "application/json"}


@dataclass(frozen=True, slots=True)
class Detected:
    """The API family and Airflow's version; the first of that API when it does not say."""

    family: Family
    version: str


class _Said(msgspec.Struct):
    version: str = ""


async def detect(instance: InstanceSetting, wire: Wire) -> Detected:
    """Raises Unreachable when no Airflow answers there."""
    families: tuple[Family, ...] = ("v2", "v1") if instance.api == "detect" else (instance.api,)
    reason = "nothing there says which version it is"
    for family in families:
        url = f"{instance.url.rstrip('/')}/api/{family}/version"
        try:
            answer = await _patiently(wire, Request("GET", url, JSON_ONLY, repeatable=True))
        except NoAnswer as error:
            reason = error.reason
            break
        version = _version(answer)
        if version:
            return Detected(family, version)
        if instance.api != "detect" and answer.status in {401, 403}:
            return Detected(family, "2.0" if family == "v1" else "3.0")
        if answer.status >= 500 or answer.status == 429:
            reason = f"it answered {answer.status}"
            break
    raise Unreachable(
        f"Airflow {instance.name} could not be asked for its version: {reason}. "
        "Try again in a minute; if it stays so, its address in the settings may be wrong."
    )


async def _patiently(wire: Wire, request: Request) -> Response:
    """Asks a second time where the first answer was none or a fault of the moment."""
    try:
        answer = await wire.send(request)
    except NoAnswer:
        return await wire.send(request)
    return await wire.send(request) if answer.status >= 500 else answer


def _version(answer: Response) -> str:
    if answer.status != 200:
        return ""
    try:
        return msgspec.json.decode(answer.body, type=_Said).version
    except msgspec.DecodeError:
        return ""
