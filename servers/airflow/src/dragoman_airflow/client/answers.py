"""What an answer's status and body mean; upstream error bodies are read here and go no further."""

import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import cast

import msgspec

from dragoman_airflow.client.wire import NoAnswer, Response, Streamed
from dragoman_airflow.errors import AirflowError, Conflict, Denied, Invalid, Unreachable

Json = Mapping[str, object]


@dataclass(frozen=True, slots=True)
class Ask:
    """What a request is for, in words that follow `to`; `right` is what the account needs.

    `fields` are the names of values of ours that Airflow may refuse.
    """

    what: str
    right: str
    conflict: str = "It exists already, or runs just now; nothing was changed."
    fields: Mapping[str, str] | None = None
    hint: str = ""
    """What values Airflow takes, for when it did not take ours."""


class NotThere(Exception):
    """404: what is missing is for the asker to find out."""


def check(instance: str, answer: Response | Streamed, ask: Ask, body: bytes = b"") -> None:
    """Raises what the status means, and nothing for success."""
    status = answer.status
    if status < 300:
        return
    if status == 404:
        raise NotThere
    raise _error(instance, answer, ask, body)


def _error(instance: str, answer: Response | Streamed, ask: Ask, body: bytes) -> AirflowError:
    where = f"Airflow {instance}"
    match answer.status:
        case 401:
            return Denied(
                f"{where} did not accept our sign-in to {ask.what} (401). "
                "The account or its token in the settings has to be renewed."
            )
        case 403:
            return Denied(
                f"The account at {where} may not {ask.what} (403): it needs {ask.right}. "
                "Ask that Airflow's administrators."
            )
        case 409:
            return Conflict(f"{where} refused to {ask.what} (409). {ask.conflict}")
        case 400 | 405 | 422:
            hint = f" {ask.hint}" if ask.hint else ""
            named = _named(ask, body)
            return Invalid(f"{where} does not take these values to {ask.what}{named}.{hint}")
        case status if status < 400:
            return Unreachable(
                f"{where} answers with a redirect, which is not followed. "
                "Its address in the settings should be the one it redirects to."
            )
        case status:
            return unreachable(instance, ask, f"it answered {status}")


def unreachable(instance: str, ask: Ask, reason: str | NoAnswer) -> Unreachable:
    said = reason.reason if isinstance(reason, NoAnswer) else reason
    return Unreachable(
        f"Airflow {instance} could not be asked to {ask.what}: {said}. Try again in a minute."
    )


def read_json(instance: str, answer: Response, ask: Ask) -> object:
    """The body as JSON. Raises Unreachable when it is none."""
    try:
        return msgspec.json.decode(answer.body)
    except msgspec.DecodeError:
        pass
    try:
        # NaN and stray bytes are no JSON, yet older versions send them.
        return cast("object", json.loads(answer.body.decode(errors="replace")))
    except ValueError:
        looks = "a web page" if answer.body.lstrip()[:1] == b"<" else "something else"
        raise Unreachable(
            f"Airflow {instance} answered with {looks} instead of JSON when asked to {ask.what}. "
            "Its address in the settings may belong to a sign-in page or a proxy."
        ) from None


def read_object(instance: str, answer: Response, ask: Ask) -> Json:
    """The body as a JSON object; empty when it is a list or a bare value."""
    found = read_json(instance, answer, ask)
    return cast("Json", found) if isinstance(found, dict) else {}


def _named(ask: Ask, body: bytes) -> str:
    """Names of our own fields that the answer complains of; none of its words."""
    known = ask.fields or {}
    if not known:
        return ""
    try:
        detail = msgspec.json.decode(body)
    except (msgspec.DecodeError, UnicodeDecodeError):
        return ""
    found = [known[name] for name in _places(detail) if name in known]
    return f": look at {', '.join(dict.fromkeys(found))}" if found else ""


def _places(detail: object) -> Sequence[str]:
    """The last name of each `loc` in a validation error."""
    if not isinstance(detail, dict):
        return ()
    faults = cast("Json", detail).get("detail")
    if not isinstance(faults, list):
        return ()
    named: list[str] = []
    for fault in cast("list[object]", faults):
        place = cast("Json", fault).get("loc") if isinstance(fault, dict) else None
        if isinstance(place, list):
            named.extend(part for part in cast("list[object]", place) if isinstance(part, str))
    return named
