"""Requests to Airflow 2, whose client cannot be installed beside Airflow 3's."""

import json
from collections.abc import Mapping, Sequence
from datetime import datetime
from urllib.parse import quote, urlencode

from dragoman_airflow.client.answers import NotThere
from dragoman_airflow.client.wire import Request

Value = str | int | bool | datetime | Sequence[str] | None


class Requests2:
    """Addresses below /api/v1 of one Airflow."""

    def __init__(self, url: str) -> None:
        self._url = f"{url}/api/v1"

    def read(self, *path: str, accept: str = "application/json", **query: Value) -> Request:
        """Asks for what is at a path; parts of it are quoted, and None is left out."""
        pairs = [pair for name, value in query.items() for pair in _pairs(name, value)]
        url = self._address(path) + (f"?{urlencode(pairs)}" if pairs else "")
        return Request("GET", url, {"Accept": accept}, repeatable=True)

    def search(self, *path: str, content: Mapping[str, object]) -> Request:
        """Asks with the question in the body."""
        return self._with_body("POST", path, content, repeatable=True)

    def post(self, *path: str, content: Mapping[str, object], repeatable: bool = False) -> Request:
        return self._with_body("POST", path, content, repeatable=repeatable)

    def patch(self, *path: str, content: Mapping[str, object], mask: str = "") -> Request:
        made = self._with_body("PATCH", path, content, repeatable=False)
        url = f"{made.url}?update_mask={mask}" if mask else made.url
        return Request("PATCH", url, made.headers, made.body)

    def _with_body(
        self, method: str, path: Sequence[str], content: Mapping[str, object], *, repeatable: bool
    ) -> Request:
        headers = {"Accept": "application/json", "Content-Type": "application/json"}
        body = json.dumps(_plain(content)).encode()
        return Request(method, self._address(path), headers, body, repeatable)

    def _address(self, path: Sequence[str]) -> str:
        # "." and ".." would be taken out of the path, and "" is another address.
        if any(part in {"", ".", ".."} for part in path):
            raise NotThere
        return "/".join([self._url, *(quote(part, safe="~") for part in path)])


def _pairs(name: str, value: Value) -> list[tuple[str, str]]:
    match value:
        case None | "":
            return []
        case str():
            return [(name, value)]
        case bool():
            return [(name, str(value).lower())]
        case int():
            return [(name, str(value))]
        case datetime():
            return [(name, value.isoformat())]
        case _:
            return [(name, one) for one in value]


def _plain(content: Mapping[str, object]) -> Mapping[str, object]:
    return {
        name: value.isoformat() if isinstance(value, datetime) else value
        for name, value in content.items()
        if value is not None
    }
