"""What an address of Airflow names: a page of version 2 or 3, or a call of their APIs."""

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import UTC, datetime
from urllib.parse import SplitResult, quote, unquote, urlsplit

from dragoman_airflow.errors import UnknownInstance
from dragoman_airflow.settings import InstanceSetting

_API = re.compile(r"/?api/v\d+/")
# Airflow's pages write a space as "+"; in the offset of a run id a person pasted it is a plus.
_LOST_PLUS = re.compile(r"(\d{2}:\d{2}(?::\d{2}(?:\.\d+)?)?) (\d{2}:?\d{2})\Z")
_QUERY = {
    "dag_id": ("dag_id", "_flt_3_dag_id"),
    "run_id": ("dag_run_id", "run_id", "_flt_3_run_id"),
    "task_id": ("task_id", "_flt_3_task_id"),
}
_RUNS = frozenset({"runs", "dagRuns"})
_TASKS = frozenset({"tasks", "taskInstances"})
_TRIES = frozenset({"tries", "logs"})


@dataclass(frozen=True, slots=True)
class Place:
    """What an address names; "" and None for what it does not.

    `logical_date` is what old pages have in place of a run id.
    """

    dag_id: str = ""
    run_id: str = ""
    task_id: str = ""
    map_index: int | None = None
    try_number: int | None = None
    logical_date: datetime | None = None


def is_address(text: str) -> bool:
    return text.startswith(("http://", "https://"))


def place_of(address: str, instances: Sequence[InstanceSetting]) -> tuple[str, Place]:
    """The name of the Airflow, and what is meant there.

    Raises UnknownInstance for an address that is below none of these Airflows.
    """
    best: tuple[int, str, str] | None = None
    for setting in instances:
        for base in (setting.url, setting.ui_url):
            rest = _below(address, base)
            if rest is not None and (best is None or len(base) > best[0]):
                best = (len(base), setting.name, rest)
    if best is None:
        known = ", ".join(setting.name for setting in instances) or "none"
        raise UnknownInstance(
            f"That address is on none of the Airflows you may see ({known}). "
            "Give `dag` and `run` by their ids, and `instance`."
        )
    return best[1], _place(best[2])


def page(base: str, version: str, place: Place) -> str:
    """Where people see it in a browser, on Airflow 2 or 3."""
    dag = f"{base.rstrip('/')}/dags/{quote(place.dag_id, safe='')}"
    if version.startswith("2"):
        named = {"dag_run_id": place.run_id, "task_id": place.task_id}
        query = [f"{key}={quote(value, safe='')}" for key, value in named.items() if value]
        if place.task_id and place.map_index is not None and place.map_index >= 0:
            query.append(f"map_index={place.map_index}")
        return f"{dag}/grid" + (f"?{'&'.join(query)}" if query else "")
    if not place.run_id:
        return dag
    path = f"{dag}/runs/{quote(place.run_id, safe='')}"
    if not place.task_id:
        return path
    path += f"/tasks/{quote(place.task_id, safe='')}"
    if place.map_index is not None and place.map_index >= 0:
        path += f"/mapped/{place.map_index}"
    return path


def _below(address: str, base: str) -> str | None:
    """The address' path and query below a base, if it is below it."""
    try:
        asked, own = urlsplit(address), urlsplit(base)
    except ValueError:
        return None
    root = own.path.rstrip("/") + "/"
    if not base or _origin(asked) != _origin(own) or not f"{asked.path}/".startswith(root):
        return None
    return f"{asked.path[len(root) :]}?{asked.query}"


def _origin(address: SplitResult) -> tuple[str, str, int]:
    try:
        port = address.port
    except ValueError:
        port = -1
    usual = 443 if address.scheme == "https" else 80
    return address.scheme, address.hostname or "", usual if port is None else port


def _place(rest: str) -> Place:
    path, _, query = rest.partition("?")
    pairs = _pairs(query)
    place = _below_dags([unquote(part) for part in _API.sub("", path, count=1).split("/")])
    return replace(
        place,
        dag_id=place.dag_id or _first(pairs, "dag_id"),
        run_id=place.run_id or _first(pairs, "run_id"),
        task_id=place.task_id or _first(pairs, "task_id"),
        map_index=_number(pairs.get("map_index")) if place.map_index is None else place.map_index,
        try_number=place.try_number or _number(pairs.get("try_number")),
        logical_date=_date(pairs.get("logical_date") or pairs.get("execution_date")),
    )


def _below_dags(parts: list[str]) -> Place:
    """dags/D, then runs or dagRuns/R, then tasks or taskInstances/T, then what is asked of it."""
    place = Place()
    if parts[0] != "dags" or len(parts) < 2:
        return place
    dag_id, *parts = parts[1:]
    place = Place(dag_id=dag_id)
    if len(parts) > 1 and parts[0] in _RUNS:
        place, parts = replace(place, run_id=parts[1]), parts[2:]
    if len(parts) < 2 or parts[0] not in _TASKS or parts[1:2] == ["group"]:
        return place
    place, parts = replace(place, task_id=parts[1]), parts[2:]
    if parts[:1] == ["mapped"]:
        parts = parts[1:]
    if parts and (index := _number(parts[0])) is not None:
        place, parts = replace(place, map_index=index), parts[1:]
    if len(parts) > 1 and parts[0] in _TRIES:
        place = replace(place, try_number=_number(parts[1]))
    return place


def _pairs(query: str) -> dict[str, str]:
    """The query's values; a plus that a person pasted into a run id stays one."""
    pairs = (part.partition("=") for part in query.split("&") if "=" in part)
    return {
        key: _LOST_PLUS.sub(r"\1+\2", unquote(value.replace("+", " "))) for key, _, value in pairs
    }


def _first(pairs: Mapping[str, str], what: str) -> str:
    return next((pairs[key] for key in _QUERY[what] if pairs.get(key)), "")


def _number(text: str | None) -> int | None:
    return int(text) if text and re.fullmatch(r"-?\d{1,9}", text, re.ASCII) else None


def _date(text: str | None) -> datetime | None:
    try:
        read = datetime.fromisoformat(text or "")
    except ValueError:
        return None
    return read if read.tzinfo else read.replace(tzinfo=UTC)
