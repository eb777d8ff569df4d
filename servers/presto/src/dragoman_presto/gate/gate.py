"""The gate as a server uses it: judged off the event loop, each text once."""

from collections import OrderedDict
from functools import partial
from hashlib import sha256

import anyio
import anyio.to_thread

from dragoman_presto.gate.verdict import Verdict, judge

_KEPT_BYTES = 4 * 1024 * 1024


class Gate:
    """Verdicts, remembered by the hash of text and session up to a few megabytes of text."""

    def __init__(self, *, workers: int = 2, kept_bytes: int = _KEPT_BYTES) -> None:
        self._workers = workers
        self._kept_bytes = kept_bytes
        self._limiter: anyio.CapacityLimiter | None = None
        self._known: OrderedDict[bytes, Verdict] = OrderedDict()
        self._bytes = 0

    async def judge(
        self, sql: str, *, catalog: str | None = None, schema: str | None = None
    ) -> Verdict:
        key = _key(sql, catalog, schema)
        known = self._known.get(key)
        if known is not None:
            self._known.move_to_end(key)
            return known
        if self._limiter is None:
            self._limiter = anyio.CapacityLimiter(self._workers)
        verdict = await anyio.to_thread.run_sync(
            partial(judge, sql, catalog=catalog, schema=schema), limiter=self._limiter
        )
        self._keep(key, verdict)
        return verdict

    def _keep(self, key: bytes, verdict: Verdict) -> None:
        if key in self._known:
            return
        self._known[key] = verdict
        self._bytes += len(verdict.sql)
        while self._bytes > self._kept_bytes:
            _, forgotten = self._known.popitem(last=False)
            self._bytes -= len(forgotten.sql)


def _key(sql: str, catalog: str | None, schema: str | None) -> bytes:
    parts = (catalog or "", schema or "", sql)
    return sha256("\0".join(parts).encode("utf-8", "surrogatepass")).digest()
