"""One query's HTTP, request by request, in worker threads; presto-python-client carries it.

The library's own loop reads whole results, retries submissions and follows addresses anywhere:
only its requests and headers are used.
"""

import time
from collections.abc import Callable
from dataclasses import dataclass
from http import HTTPStatus
from importlib import import_module
from typing import Any, Protocol, cast

import requests
from requests import exceptions as failures
from requests.adapters import HTTPAdapter

from dragoman_presto.engine.errors import (
    CoordinatorConfused,
    CoordinatorProblem,
    CoordinatorRefused,
    CoordinatorUnreachable,
    QueryForgotten,
)
from dragoman_presto.engine.headers import Session
from dragoman_presto.settings import Coordinator

CHUNK = 256 * 1024
AWAY = {HTTPStatus.BAD_GATEWAY, HTTPStatus.SERVICE_UNAVAILABLE, HTTPStatus.GATEWAY_TIMEOUT}
NO_SUCH_WAY = {HTTPStatus.NOT_FOUND, HTTPStatus.METHOD_NOT_ALLOWED, HTTPStatus.NOT_IMPLEMENTED}


class Away(CoordinatorUnreachable):
    """No answer this time; what changes nothing may be asked again."""


class NotTaken(CoordinatorProblem):
    """The coordinator takes no query ids of clients; nothing was submitted."""


class _Request(Protocol):
    """What is used of `prestodb.client.PrestoRequest`."""

    http_session: requests.Session
    http_headers: dict[str, str]

    def post(self, sql: str) -> requests.Response: ...
    def get(self, url: str) -> requests.Response: ...
    def delete(self, url: str) -> requests.Response: ...
    def get_url(self, path: str) -> str: ...


@dataclass(frozen=True)
class Minted:
    """A query's id and slug, chosen here so that both are known before anything runs."""

    query_id: str
    slug: str


class Wire:
    """The requests of one query; `adapter` is the connection pool that queries share."""

    def __init__(self, coordinator: Coordinator, session: Session, adapter: HTTPAdapter) -> None:
        self.coordinator = coordinator
        self._request = _request(coordinator, session, adapter)

    def submit(self, sql: str) -> bytes:
        """POST: sent once, since a lost answer does not tell whether it was taken."""
        return self._exchange(lambda: self._request.post(sql))

    def submit_as(self, sql: str, minted: Minted) -> bytes:
        """PUT under an id of ours: asking again cannot run it twice. Raises NotTaken."""
        return self._exchange(
            lambda: self._request.http_session.put(
                self._url(f"/v1/statement/{minted.query_id}?slug={minted.slug}"),
                data=sql.encode(),
                headers=self._request.http_headers,
                timeout=(self.coordinator.connect_seconds, self.coordinator.read_seconds),
                allow_redirects=False,
            ),
            not_taken=True,
        )

    def page(self, address: str) -> bytes:
        return self._exchange(lambda: self._request.get(address))

    def end(self, address: str) -> None:
        """DELETE: ends the query in the engine; one that has ended already is no error."""
        try:
            self._exchange(lambda: self._request.delete(address))
        except QueryForgotten:
            return

    def first_address(self, minted: Minted) -> str:
        return self._url(f"/v1/statement/queued/{minted.query_id}/1?slug={minted.slug}")

    def read(self, path: str) -> bytes:
        """GET of a path below the coordinator; raises QueryForgotten on 404 and 410."""
        return self._exchange(lambda: self._request.get(self._url(path)))

    def _url(self, path: str) -> str:
        return self._request.get_url(path)

    def _exchange(self, send: Callable[[], requests.Response], *, not_taken: bool = False) -> bytes:
        name = self.coordinator.name
        try:
            with send() as response:
                if not_taken and response.status_code in NO_SUCH_WAY:
                    raise NotTaken(f"Coordinator {name} takes no query ids of clients.")
                raise_for(response, name)
                return self._body(response)
        except failures.SSLError as error:
            raise CoordinatorConfused(
                f"The certificate of coordinator {name} was not accepted, or it speaks no TLS. "
                "Nothing was sent; tell its operator."
            ) from error
        except failures.TooManyRedirects as error:
            raise _redirected(name) from error
        except (failures.Timeout, failures.ConnectionError, failures.ChunkedEncodingError) as error:
            raise Away(
                f"Coordinator {name} cannot be reached, or was too slow to answer."
            ) from error
        except failures.RequestException as error:
            raise CoordinatorConfused(
                f"The answer of coordinator {name} cannot be read. Tell its operator."
            ) from error

    def _body(self, response: requests.Response) -> bytes:
        """The whole body, within `answer_bytes` and twice `read_seconds`."""
        read, most = bytearray(), self.coordinator.answer_bytes
        until = time.monotonic() + 2 * self.coordinator.read_seconds
        for chunk in response.iter_content(CHUNK):
            read += chunk
            if len(read) > most:
                raise CoordinatorConfused(
                    f"A single answer of {self.coordinator.name} is larger than {most} bytes, so "
                    "the query was ended. Select fewer or shorter columns, e.g. with substr()."
                )
            if time.monotonic() > until:
                raise Away(f"Coordinator {self.coordinator.name} answers too slowly.")
        return bytes(read)


def raise_for(response: requests.Response, name: str) -> None:
    """Nothing for a status that carries an answer; else what is wrong, never the body."""
    status = response.status_code
    if status in {HTTPStatus.OK, HTTPStatus.NO_CONTENT}:
        return
    if status in AWAY:
        raise Away(f"Coordinator {name} is starting, overloaded or down (status {status}).")
    if status in {HTTPStatus.NOT_FOUND, HTTPStatus.GONE}:
        raise QueryForgotten(f"Coordinator {name} does not know this query, or no longer.")
    if status in {HTTPStatus.UNAUTHORIZED, HTTPStatus.FORBIDDEN}:
        raise CoordinatorRefused(
            f"Coordinator {name} does not accept this server (status {status}). Asking again "
            "does not help; its operator must look at the credentials."
        )
    if HTTPStatus.MULTIPLE_CHOICES <= status < HTTPStatus.BAD_REQUEST:
        raise _redirected(name)
    raise CoordinatorConfused(
        f"Coordinator {name} answered with status {status} and no result. Tell its operator."
    )


def _redirected(name: str) -> CoordinatorConfused:
    return CoordinatorConfused(
        f"Coordinator {name} redirects to another address, which is not followed: the caller's "
        "identity would go there. Its operator must configure the final address."
    )


class _NoRedirects:
    """Stands where the library would follow a redirect and send all headers along."""

    def __init__(self, name: str) -> None:
        self._name = name

    def handle(self, url: str) -> str:
        del url
        raise _redirected(self._name)


def _request(coordinator: Coordinator, session: Session, adapter: HTTPAdapter) -> _Request:
    http = requests.Session()
    http.trust_env = False
    http.stream = True
    http.max_redirects = 0
    http.verify = str(coordinator.ca_file) if coordinator.ca_file else coordinator.verify
    if coordinator.client_certificate:
        key = str(coordinator.client_key) if coordinator.client_key else None
        certificate = str(coordinator.client_certificate)
        http.cert = (certificate, key) if key else certificate
    http.mount("https://", adapter)
    http.mount("http://", adapter)
    library: Any = import_module("prestodb.client")
    client = library.ClientSession(
        user=session.user,
        catalog=session.catalog,
        schema=session.schema,
        source=session.source,
        properties=dict(session.properties),
        headers=dict(session.headers),
    )
    return cast(
        "_Request",
        library.PrestoRequest(
            host=f"[{coordinator.host}]" if ":" in coordinator.host else coordinator.host,
            port=coordinator.port,
            client_session=client,
            http_session=http,
            http_scheme=coordinator.scheme,
            redirect_handler=_NoRedirects(coordinator.name),
            max_attempts=1,
            request_timeout=(coordinator.connect_seconds, coordinator.read_seconds),
        ),
    )
