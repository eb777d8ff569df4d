"""The suite cannot send a header, so each of its requests gets a development token here."""

from starlette.types import ASGIApp, Receive, Scope, Send

from dragoman.auth.issuer import DevelopmentIssuer, Grant
from dragoman.auth.people import Person


class Bearer:
    """Adds a token of the development issuer to requests that bring none."""

    def __init__(self, app: ASGIApp, issuer: DevelopmentIssuer, grant: Grant) -> None:
        self._app = app
        self._issuer = issuer
        self._grant = grant

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] == "http":
            headers: list[tuple[bytes, bytes]] = scope["headers"]
            if b"authorization" not in dict(headers):
                token = self._issuer.access_token(self._grant)
                added = (b"authorization", f"Bearer {token}".encode())
                scope = {**scope, "headers": [*headers, added]}
        await self._app(scope, receive, send)


def issuer_for(*groups: str) -> DevelopmentIssuer:
    """An issuer that knows one person, `suite`, who is in these groups."""
    return DevelopmentIssuer(
        "http://issuer.test", people={"suite": Person(name="suite", groups=groups)}
    )
