"""A statement sent to a real Presto as it stands, and everything that the answers tell of it."""

import json
import time
from dataclasses import dataclass, field
from typing import Any
from urllib.request import Request, urlopen

USER = "gate_prover"
_CHANGES_OF_SESSION = ("set-", "clear-", "added-", "deallocated-", "started-", "removed-")


@dataclass
class Ran:
    """`changes` are headers by which Presto tells a client to change its session."""

    query_id: str = ""
    rows: list[list[Any]] = field(default_factory=list[list[Any]])
    update: str | None = None
    error: str | None = None
    changes: list[str] = field(default_factory=list[str])


def run(base: str, sql: str, *, seconds: float = 60, catalog: str = "tpch") -> Ran:
    """Follows the pages to the end, or until the time is up; then the query is ended."""
    ran, until = Ran(), time.monotonic() + seconds
    headers = {
        "X-Presto-User": USER,
        "X-Presto-Source": "gate",
        "X-Presto-Transaction-Id": "NONE",
        "X-Presto-Catalog": catalog,
        "X-Presto-Schema": "tiny" if catalog == "tpch" else "default",
    }
    request = Request(f"{base}/v1/statement", data=sql.encode(), headers=headers)
    while True:
        with urlopen(request, timeout=60) as response:
            page: dict[str, Any] = json.load(response)
            names = [name.lower() for name in response.headers]
        ran.changes += [name for name in names if _changes_session(name)]
        ran.query_id = page["id"]
        ran.rows += page.get("data", [])
        ran.update = page.get("updateType") or ran.update
        ran.error = page["error"]["message"] if page.get("error") else ran.error
        if "nextUri" not in page:
            return ran
        method = "GET" if time.monotonic() < until else "DELETE"
        request = Request(page["nextUri"], method=method, headers={"X-Presto-User": USER})
        if method == "DELETE":
            urlopen(request, timeout=60).close()
            return ran


def query_type(base: str, query_id: str) -> str | None:
    """The engine's own word for what the statement is; None where it was not even analysed."""
    request = Request(f"{base}/v1/query/{query_id}", headers={"X-Presto-User": USER})
    with urlopen(request, timeout=60) as response:
        return json.load(response).get("queryType")


def _changes_session(name: str) -> bool:
    return name.startswith("x-presto-") and name[len("x-presto-") :].startswith(_CHANGES_OF_SESSION)
