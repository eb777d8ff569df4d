"""Every HTTP request gets its caller here, from the proof that came with that very request."""

from collections.abc import Awaitable, Callable
from dataclasses import replace
from functools import lru_cache

from mcp.server.auth.middleware.auth_context import auth_context_var
from mcp.server.auth.middleware.bearer_auth import AuthenticatedUser
from mcp.server.auth.provider import AccessToken
from starlette.authentication import AuthCredentials
from starlette.types import ASGIApp, Receive, Scope, Send

from dragoman.auth.caller import Caller
from dragoman.auth.challenge import WELL_KNOWN, Resource, unauthorized
from dragoman.auth.jwt import Tokens
from dragoman.auth.mesh import Mesh, workload
from dragoman.auth.refusal import Reason, TokenRefused

CALLER = "dragoman.caller"
OPEN = ("/healthz", "/readyz", "/metrics", WELL_KNOWN)

OnRefusal = Callable[[Scope, Reason], Awaitable[None]]


class Authenticate:
    """Lets a request through with its `Caller` in `scope["dragoman.caller"]`, or answers 401.

    Every path is protected but those in `open_paths`; one with a final slash opens a folder.
    `on_refusal` is awaited before each refusal is sent. Downstream sees header values without
    the white space around them, which httptools keeps.
    """

    def __init__(
        self,
        app: ASGIApp,
        *,
        tokens: Tokens,
        mesh: Mesh,
        resource: Resource,
        on_refusal: OnRefusal,
        open_paths: tuple[str, ...] = OPEN,
    ) -> None:
        self._app = app
        self._tokens = tokens
        self._mesh = mesh
        self._resource = resource
        self._on_refusal = on_refusal
        self._open = frozenset(path for path in open_paths if not path.endswith("/"))
        self._folders = tuple(path for path in open_paths if path.endswith("/"))

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] == "lifespan":
            await self._app(scope, receive, send)
        elif scope["type"] == "http":
            await self._http(_stripped(scope), receive, send)
        else:
            await send({"type": "websocket.close", "code": 1008})

    async def _http(self, scope: Scope, receive: Receive, send: Send) -> None:
        path: str = scope["path"]
        if path in self._open or path.startswith(self._folders):
            await self._app(scope, receive, send)
            return
        try:
            caller = await self._caller(scope)
        except TokenRefused as refusal:
            await self._on_refusal(scope, refusal.reason)
            await unauthorized(refusal, self._resource)(scope, receive, send)
            return
        user = _user(caller)
        scope.update({CALLER: caller, "user": user, "auth": AuthCredentials(user.scopes)})
        before = auth_context_var.set(user)
        try:
            await self._app(scope, receive, send)
        finally:
            auth_context_var.reset(before)

    async def _caller(self, scope: Scope) -> Caller:
        headers: list[tuple[bytes, bytes]] = scope["headers"]
        peer: str = (scope.get("client") or ("",))[0]
        service = workload(peer, headers, self._mesh)
        token = _token(headers)
        if token:
            person = await self._tokens.verify(token)
            return replace(person, workload=service) if service else person
        if service:
            return Caller("", workload=service)
        raise TokenRefused("missing", "This server needs to know who calls.")


def _stripped(scope: Scope) -> Scope:
    headers: list[tuple[bytes, bytes]] = scope["headers"]
    return {**scope, "headers": [(name, value.strip(b" \t")) for name, value in headers]}


def _token(headers: list[tuple[bytes, bytes]]) -> str:
    given = [value for name, value in headers if name == b"authorization"]
    if not given:
        return ""
    if len(given) > 1:
        raise TokenRefused("several", "The request has several Authorization headers.")
    scheme, _, token = given[0].partition(b" ")
    if scheme.lower() != b"bearer" or not token.strip():
        raise TokenRefused("malformed", "The Authorization header is not Bearer and a token.")
    return token.strip().decode("latin-1")


@lru_cache(maxsize=1024)
def _user(caller: Caller) -> AuthenticatedUser:
    """The caller as the SDK knows one, which binds sessions and request state to the person.

    The SDK compares client, issuer and subject: a refreshed token goes on, another person or
    surface does not. The token itself stays here, so that nothing can send it on.
    """
    return AuthenticatedUser(
        AccessToken(
            token="",
            client_id=caller.surface if caller.subject else caller.workload,
            scopes=sorted(caller.scopes),
            expires_at=caller.expires_at or None,
            subject=caller.subject or None,
            claims={"iss": caller.issuer} if caller.issuer else None,
        )
    )
