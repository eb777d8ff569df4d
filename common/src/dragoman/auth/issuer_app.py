"""The development issuer over HTTP: discovery, keys, sign-in and tokens."""

from secrets import token_urlsafe
from urllib.parse import parse_qsl, urlencode, urlsplit

import msgspec
from starlette.applications import Starlette
from starlette.middleware import Middleware
from starlette.middleware.trustedhost import TrustedHostMiddleware
from starlette.requests import Request
from starlette.responses import JSONResponse, RedirectResponse, Response
from starlette.routing import Route

from dragoman.auth.authorization import (
    Codes,
    OAuthError,
    Parameters,
    UntrustedRedirect,
    check,
    check_target,
    is_loopback,
    loopback_uri,
    trusted_redirect,
)
from dragoman.auth.issuer import LIFETIME, DevelopmentIssuer, Grant
from dragoman.auth.login_page import login_page, refusal_page

DEVELOPMENT_GRANT = "urn:dragoman:development:person"

_ANYWHERE = {"Access-Control-Allow-Origin": "*"}
_NOT_KEPT = {"Cache-Control": "no-store"}
_BODY_LIMIT = 65_536


def issuer_app(issuer: DevelopmentIssuer) -> Starlette:
    """The issuer as an application, at the root of its `url`.

    Only its own host name and loopback names are answered, so that no web page can reach the
    grant without a sign-in through a name of its own.
    """
    pages = _Pages(issuer)
    own = urlsplit(issuer.url).hostname or "localhost"
    hosts = [own, "localhost", "127.0.0.1", "[::1]"]
    return Starlette(
        routes=[
            Route("/.well-known/openid-configuration", pages.discovery),
            Route("/.well-known/oauth-authorization-server", pages.discovery),
            Route("/jwks.json", pages.jwks),
            Route("/authorize", pages.ask, methods=["GET"]),
            Route("/authorize", pages.answer, methods=["POST"]),
            Route("/token", pages.token, methods=["POST"]),
            Route("/register", pages.register, methods=["POST"]),
        ],
        middleware=[Middleware(TrustedHostMiddleware, allowed_hosts=hosts, www_redirect=False)],
    )


class _Client(msgspec.Struct):
    redirect_uris: list[str]


class _Pages:
    def __init__(self, issuer: DevelopmentIssuer) -> None:
        self._issuer = issuer
        self._codes = Codes(issuer)

    async def discovery(self, _: Request) -> Response:
        return JSONResponse(_metadata(self._issuer), headers=_ANYWHERE)

    async def jwks(self, _: Request) -> Response:
        return JSONResponse(self._issuer.jwks(), headers=_ANYWHERE)

    async def ask(self, request: Request) -> Response:
        """The people to choose from; a GET gives no code, whatever it says."""
        try:
            asked = _parameters(request.url.query)
            back = trusted_redirect(asked, self._issuer)
        except (OAuthError, UntrustedRedirect) as error:
            return refusal_page(str(error))
        try:
            check(asked)
        except OAuthError as error:
            return self._back(back, asked, _error(error))
        return login_page(self._issuer.people.values(), asked)

    async def answer(self, request: Request) -> Response:
        try:
            asked = await _form(request)
            back = trusted_redirect(asked, self._issuer)
        except (OAuthError, UntrustedRedirect) as error:
            return refusal_page(str(error))
        try:
            check(asked)
            code = self._codes.give(asked, asked.get("person", ""))
        except OAuthError as error:
            return self._back(back, asked, _error(error))
        return self._back(back, asked, {"code": code})

    async def token(self, request: Request) -> Response:
        try:
            body = self._granted(await _form(request), request)
        except OAuthError as error:
            return JSONResponse(_error(error), status_code=400, headers=_NOT_KEPT)
        return JSONResponse(body, headers=_NOT_KEPT)

    async def register(self, request: Request) -> Response:
        """An id for a public client; nothing is kept, since ids give no rights here."""
        try:
            wanted = msgspec.json.decode(await _body(request), type=_Client)
        except (OAuthError, msgspec.DecodeError) as error:
            said = {"error": "invalid_client_metadata", "error_description": str(error)}
            return JSONResponse(said, status_code=400, headers=_NOT_KEPT)
        if not wanted.redirect_uris or not all(map(loopback_uri, wanted.redirect_uris)):
            text = "Every redirect_uri must be on this machine, such as http://127.0.0.1/callback."
            said = {"error": "invalid_redirect_uri", "error_description": text}
            return JSONResponse(said, status_code=400, headers=_NOT_KEPT)
        given = {
            "client_id": f"development-{token_urlsafe(9)}",
            "redirect_uris": wanted.redirect_uris,
            "token_endpoint_auth_method": "none",
            "grant_types": ["authorization_code"],
            "response_types": ["code"],
        }
        return JSONResponse(given, status_code=201, headers=_NOT_KEPT)

    def _back(self, uri: str, asked: Parameters, said: Parameters) -> Response:
        state = {"state": asked["state"]} if "state" in asked else {}
        query = urlencode({**said, **state, "iss": self._issuer.url})
        joint = "&" if urlsplit(uri).query else "?"
        return RedirectResponse(f"{uri}{joint}{query}", status_code=303, headers=_NOT_KEPT)

    def _granted(self, asked: Parameters, request: Request) -> dict[str, object]:
        match asked.get("grant_type"):
            case "authorization_code":
                code = self._codes.take(asked)
                body = self._token(code.grant)
                if "openid" in code.grant.scope.split():
                    grant = code.grant
                    body["id_token"] = self._issuer.id_token(
                        grant.subject, grant.client_id, code.nonce
                    )
                return body
            case str(grant) if grant == DEVELOPMENT_GRANT:
                return self._token(self._without_sign_in(asked, request))
            case _:
                raise OAuthError("unsupported_grant_type", "Only authorization_code is granted.")

    def _without_sign_in(self, asked: Parameters, request: Request) -> Grant:
        if not is_loopback(request.client.host if request.client else None):
            raise OAuthError("unauthorized_client", "This grant is for this very machine only.")
        person = asked.get("person", "")
        if person not in self._issuer.people:
            known = ", ".join(sorted(self._issuer.people))
            raise OAuthError("invalid_request", f"Nobody here has this name. There are: {known}.")
        check_target(asked)
        return Grant(
            person,
            asked.get("resource") or self._issuer.url,
            scope=asked.get("scope", ""),
            surface=asked.get("surface", ""),
            channel=asked.get("channel", ""),
        )

    def _token(self, grant: Grant) -> dict[str, object]:
        return {
            "access_token": self._issuer.access_token(grant),
            "token_type": "Bearer",
            "expires_in": LIFETIME,
            "scope": grant.scope,
        }


def _metadata(issuer: DevelopmentIssuer) -> dict[str, object]:
    return {
        "issuer": issuer.url,
        "authorization_endpoint": f"{issuer.url}/authorize",
        "token_endpoint": f"{issuer.url}/token",
        "registration_endpoint": f"{issuer.url}/register",
        "jwks_uri": issuer.jwks_uri,
        "response_types_supported": ["code"],
        "response_modes_supported": ["query"],
        "grant_types_supported": ["authorization_code"],
        "code_challenge_methods_supported": ["S256"],
        "token_endpoint_auth_methods_supported": ["none"],
        "subject_types_supported": ["public"],
        "id_token_signing_alg_values_supported": ["ES256"],
        "authorization_response_iss_parameter_supported": True,
        "client_id_metadata_document_supported": True,
    }


def _error(error: OAuthError) -> Parameters:
    return {"error": error.code, "error_description": str(error)}


async def _form(request: Request) -> Parameters:
    return _parameters((await _body(request)).decode("latin-1"))


async def _body(request: Request) -> bytes:
    body = b""
    async for chunk in request.stream():
        body += chunk
        if len(body) > _BODY_LIMIT:
            raise OAuthError("invalid_request", "The request is too large.")
    return body


def _parameters(text: str) -> Parameters:
    """Form fields by name. Raises OAuthError for one given twice (RFC 6749, section 3.1)."""
    try:
        pairs = parse_qsl(
            text, keep_blank_values=True, strict_parsing=bool(text), max_num_fields=50
        )
    except ValueError as error:
        raise OAuthError("invalid_request", "The parameters are not form fields.") from error
    asked = dict(pairs)
    if len(asked) != len(pairs):
        raise OAuthError("invalid_request", "A parameter is given twice.")
    return asked
