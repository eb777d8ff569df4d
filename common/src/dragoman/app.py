"""Assembles a declared server: SDK server, guard and ASGI application in one."""

import logging
from collections.abc import AsyncGenerator
from contextlib import asynccontextmanager
from typing import Any

import anyio
import anyio.to_thread
import httpx2
from mcp.server import CacheHint, MCPServer
from mcp.server.mcpserver import RequestStateSecurity
from mcp.server.mcpserver.tools import Tool as SdkTool
from mcp.server.mcpserver.utilities.func_metadata import ArgModelBase, FuncMetadata
from mcp.server.transport_security import TransportSecuritySettings
from starlette.types import Scope

from dragoman.auth.asgi import Authenticate
from dragoman.auth.caller import Caller
from dragoman.auth.challenge import Resource
from dragoman.auth.jwt import Tokens
from dragoman.auth.mesh import Mesh
from dragoman.auth.refusal import Reason
from dragoman.calls import Ledger
from dragoman.desk import Desk
from dragoman.edge import Edge, StepUp
from dragoman.elicitation.proposal import Proposal
from dragoman.elicitation.store import LocalApprovals
from dragoman.errors import DragomanError, StoreUnavailable
from dragoman.guard import Guard
from dragoman.judge import Judge
from dragoman.server import Backends, Server, load_policy
from dragoman.settings import Settings
from dragoman.telemetry.collector import Collector
from dragoman.telemetry.disk import Disk
from dragoman.telemetry.journal import Journal
from dragoman.telemetry.metrics import Metrics
from dragoman.telemetry.traces import HeaderContext, Traces
from dragoman.tool import Tool

_LIST_SECONDS = 5
_log = logging.getLogger(__name__)


class NotForProduction(DragomanError):
    """Something that only development may do was asked for in production."""


class App:
    """One assembled server: `mcp` for clients in this process, `asgi` for HTTP.

    Use `running()` around either: it opens the backends and closes the journal. `key_transport`
    reaches the issuers' keys where that is not by HTTP, `disk` is where the journal is written.
    """

    def __init__(
        self,
        server: Server,
        settings: Settings,
        local: Caller | None = None,
        key_transport: httpx2.AsyncBaseTransport | None = None,
        disk: Disk | None = None,
    ) -> None:
        self.server = server
        self.settings = settings
        self.draining = False
        self._local = local
        self._native = native = _native(server)
        self.collector = Collector.configured()
        self.traces = Traces.start(server.name, self.collector)
        self.metrics = Metrics(
            server.name, tools=[*server.tools, *native], collector=self.collector
        )
        policy = load_policy(server, alarm=self._policy_erred)
        self.judge = Judge(server.name, policy, server.tools, native)
        self.journal = Journal.open(
            settings.journal_folder(server.name),
            server=server.name,
            instance=settings.instance,
            disk=disk,
        )
        self.metrics.watch(self.journal)
        self.approvals = LocalApprovals(settings.approvals_file, self._may_approve)
        self.ledger = Ledger(self.judge, self.journal, self.metrics)
        self.guard = Guard(
            self.judge,
            self.ledger,
            Desk(self.judge, self.ledger, self.approvals, seconds=settings.call_seconds),
            local=local,
            seconds=settings.call_seconds,
        )
        self.mcp = _sdk_server(server, settings, self.guard)
        self.tokens = Tokens(settings.issuers, transport=key_transport)
        self.backends = Backends()
        self.asgi = HeaderContext(self._asgi())

    @asynccontextmanager
    async def running(self) -> AsyncGenerator[None]:
        """Open while entered; on the way out every record is written."""
        try:
            async with self.server.backends() as backends:
                self.backends = backends
                self.guard.openers = backends.openers
                await self.tokens.load()
                await self._hide_unmapped()
                await self._tell_what_a_crash_left()
                yield
        finally:
            await self.tokens.aclose()
            await self.journal.aclose()
            await anyio.to_thread.run_sync(self.traces.shutdown)
            await anyio.to_thread.run_sync(self.metrics.shutdown)

    @asynccontextmanager
    async def open(self) -> AsyncGenerator[None]:
        """What `asgi` does in its lifespan, for those who serve it without one."""
        async with self.running(), self.mcp.session_manager.run():
            yield

    async def idle(self) -> None:
        """Returns when no call is running."""
        await self.guard.idle.wait()

    def stop_calls(self) -> None:
        """Cancels every call that still runs; each is recorded and answered as cancelled."""
        self.guard.stop()

    async def run_stdio(self) -> None:
        """Serves this process's standard input and output until it is closed."""
        async with self.running():
            await self.mcp.run_stdio_async()

    async def problems(self) -> list[str]:
        """Why this replica should get no calls now; empty when it is ready."""
        found = ["it is being stopped"] if self.draining else []
        if not (self.tokens.issuers or self.settings.trust_domain or self._local):
            found.append("nobody can sign in: set DRAGOMAN_ISSUERS")
        if self.tokens.without_keys:
            await self.tokens.load()
        found += [f"no keys of issuer {name}" for name in self.tokens.without_keys]
        if self.backends.problem is not None and (sentence := await self.backends.problem()):
            found.append(sentence)
        return found

    async def degraded(self) -> list[str]:
        """What is wrong while reads go on."""
        found = [] if self.journal.healthy else ["the audit journal cannot be written"]
        if any(tool.risk.asks for tool in self.server.tools.values()):
            try:
                await self.approvals.unfinished()
            except StoreUnavailable:
                found.append("the approval store cannot be used")
        return found

    def _asgi(self) -> Authenticate:
        resource = Resource(self.server.name, self.settings.address, tuple(self.tokens.issuers))
        transport = TransportSecuritySettings(
            allowed_hosts=list(self.settings.allowed_hosts),
            allowed_origins=list(self.settings.allowed_origins),
        )
        resumption = self.server.native.resumption if self.server.native else None
        self.mcp.streamable_http_app(
            max_request_body_size=self.settings.body_limit,
            transport_security=transport,
            event_store=resumption.store() if resumption else None,
            retry_interval=resumption.retry_ms if resumption else None,
        )
        edge = Edge(
            StepUp(
                self.mcp.session_manager.asgi_app,
                self.judge,
                resource,
                on_refusal=self.ledger.needs_scope,
            ),
            resource,
            problems=self.problems,
            degraded=self.degraded,
            metrics=self.metrics.prometheus_text,
            lifespan=self.open,
        )
        return Authenticate(
            edge,
            tokens=self.tokens,
            mesh=Mesh(self.settings.trusted_peers, self.settings.trust_domain),
            resource=resource,
            on_refusal=self._turned_away,
        )

    async def _hide_unmapped(self) -> None:
        """No template opens what stands beside it and has no action of its own."""
        for resource in await self.mcp.list_resources():
            self._native.setdefault(str(resource.uri), "")
        for template in await self.mcp.list_resource_templates():
            self._native.setdefault(template.uri_template, "")

    async def _tell_what_a_crash_left(self) -> None:
        if self.journal.recovered:
            _log.warning("audit journal: %s", self.journal.recovered)
        try:
            cut_off = await self.approvals.unfinished()
        except StoreUnavailable as wrong:
            _log.error("approvals: %s", wrong)  # the sentence says it all
            return
        for record, _ in cut_off:
            _log.warning("approval %s is %s", record.proposal.id, record.status())

    def _policy_erred(self, sentence: str) -> None:
        self.metrics.policy_error()
        _log.error(sentence)

    async def _turned_away(self, scope: Scope, reason: Reason) -> None:
        del scope
        self.ledger.turned_away(reason)

    def _may_approve(self, approver: Caller, proposal: Proposal) -> bool:
        action = f"{self.server.name}.approve"
        ours = proposal.server == self.server.name
        return ours and self.judge.policy.decide(approver, action).allowed


def assemble(
    server: Server,
    settings: Settings,
    local: Caller | None = None,
    key_transport: httpx2.AsyncBaseTransport | None = None,
    disk: Disk | None = None,
) -> App:
    """The server, ready to run. Raises NotForProduction, PolicyInvalid and StoreUnavailable."""
    if settings.env == "production":
        raise NotForProduction(
            "In production a server starts only with a bundle that the registry signed for its "
            "manifest, and this release has no registry yet. Use DRAGOMAN_ENV=development."
        )
    logging.getLogger("mcp").setLevel(logging.WARNING)
    return App(server, settings, local, key_transport, disk)


def _sdk_server(server: Server, settings: Settings, guard: Guard) -> MCPServer[Any]:
    key = settings.request_state_key
    security = RequestStateSecurity(keys=[key.get_secret_value()]) if key else None
    mcp = MCPServer[Any](
        server.name,
        title=server.title,
        instructions=server.instructions,
        version=server.version,
        tools=[_sdk_tool(tool) for tool in server.tools.values()],
        extensions=[guard],
        middleware=[guard.middleware],
        request_state_security=security,
        cache_hints={"tools/list": CacheHint(ttl_ms=_LIST_SECONDS * 1000, scope="private")},
        log_level="WARNING",
    )
    if server.native is not None:
        server.native.register(mcp)
    return mcp


def _sdk_tool(tool: Tool) -> SdkTool:
    """The tool as the SDK lists it; the guard runs it, never the SDK."""
    return SdkTool(
        fn=tool.function,
        name=tool.name,
        title=tool.title,
        description=tool.description,
        parameters=tool.input_schema,
        fn_metadata=FuncMetadata(arg_model=ArgModelBase, output_schema=tool.listed_output),
        is_async=True,
        context_kwarg=None,
        annotations=tool.annotations,
        icons=None,
        meta={"dragoman/risk": tool.risk.value},
    )


def _native(server: Server) -> dict[str, str]:
    if server.native is None:
        return {}
    return {**server.native.tools, **server.native.prompts, **server.native.resources}
