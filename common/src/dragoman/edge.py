"""The HTTP edge inside authentication: which path leads where, and the step-up challenge."""

from collections.abc import Awaitable, Callable
from contextlib import AbstractAsyncContextManager

import anyio
from mcp.shared.inbound import decode_header_value
from starlette.applications import Starlette
from starlette.exceptions import HTTPException
from starlette.requests import Request
from starlette.responses import JSONResponse, Response
from starlette.routing import Route
from starlette.types import ASGIApp, Receive, Scope, Send

from dragoman.auth.asgi import CALLER
from dragoman.auth.caller import Caller
from dragoman.auth.challenge import Resource, insufficient_scope, well_known
from dragoman.judge import Judge

PATHS = frozenset({"/mcp", "/mcp/"})
_PROBE_SECONDS = 2.0


class Edge:
    """Sends the MCP endpoint to the SDK and everything else to the few pages around it.

    `problems` says why this replica should get no calls, `degraded` what is wrong but bearable.
    """

    def __init__(  # each is one page or one door
        self,
        mcp: ASGIApp,
        resource: Resource,
        *,
        problems: Callable[[], Awaitable[list[str]]],
        degraded: Callable[[], Awaitable[list[str]]],
        metrics: Callable[[], bytes],
        lifespan: Callable[[], AbstractAsyncContextManager[None]],
    ) -> None:
        self._mcp = mcp
        self._problems = problems
        self._degraded = degraded
        self._metrics = metrics
        routes = [
            Route("/healthz", self._healthz),
            Route("/readyz", self._readyz),
            Route("/metrics", self._metrics_page),
            *well_known(resource),
        ]
        self._pages = Starlette(
            routes=routes,
            exception_handlers={HTTPException: _in_json},
            lifespan=lambda _: lifespan(),
        )
        self._pages.router.redirect_slashes = False

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        at_mcp = scope["type"] == "http" and scope["path"] in PATHS
        await (self._mcp if at_mcp else self._pages)(scope, receive, send)

    async def _healthz(self, _: Request) -> Response:
        return JSONResponse({"alive": True})

    async def _readyz(self, _: Request) -> Response:
        problems = ["a backend or a key endpoint does not answer"]
        degraded = ["the approval store does not answer"]
        with anyio.move_on_after(_PROBE_SECONDS):
            problems = await self._problems()
        with anyio.move_on_after(_PROBE_SECONDS):
            degraded = await self._degraded()
        body = {"ready": not problems, "problems": problems, "degraded": degraded}
        return JSONResponse(body, status_code=503 if problems else 200)

    async def _metrics_page(self, _: Request) -> Response:
        return Response(self._metrics(), media_type="text/plain; version=0.0.4")


async def _in_json(request: Request, wrong: Exception) -> Response:
    """What is not here, said in JSON, as clients expect of every page."""
    status = wrong.status_code if isinstance(wrong, HTTPException) else 500
    said = f"{request.method} {request.url.path} is not served here; the MCP endpoint is /mcp."
    body = {"error": "not_found" if status == 404 else "not_allowed", "error_description": said}
    return JSONResponse(body, status_code=status)


class StepUp:
    """403 with the missing scope, for tools that this caller can see (2026-07-28 requests).

    Older clients name no tool in a header; they are told by the guard, in the protocol.
    `on_refusal` hears of the caller, the tool and the scope.
    """

    def __init__(
        self,
        app: ASGIApp,
        judge: Judge,
        resource: Resource,
        *,
        on_refusal: Callable[[Caller, str, str], None],
    ) -> None:
        self._app = app
        self._judge = judge
        self._resource = resource
        self._on_refusal = on_refusal

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        headers: list[tuple[bytes, bytes]] = scope["headers"]
        found = dict(headers)
        if found.get(b"mcp-method") == b"tools/call":
            name = decode_header_value(found.get(b"mcp-name", b"").decode("latin-1")) or ""
            caller = scope[CALLER]
            missing = self._judge.missing_scope(caller, name)
            if missing and self._judge.sees(caller, name):
                self._on_refusal(caller, name, missing)
                answer = insufficient_scope([missing], self._resource.metadata_url)
                await answer(scope, receive, send)
                return
        await self._app(scope, receive, send)
