"""The generated client made to build requests instead of sending them."""

import json
from collections.abc import Mapping
from typing import Any, cast
from urllib.parse import urlsplit

from airflow_client.client import ApiClient, Configuration

from dragoman_airflow.client.answers import NotThere
from dragoman_airflow.client.wire import Request


class _Built:
    """Stands where the client expects an answer, and hands the request back."""

    def __init__(self, request: Request) -> None:
        self.response = request


class Builder(ApiClient):
    """Builds requests without sending them."""

    def call_api(
        self,
        method: str,
        url: str,
        header_params: Mapping[str, str] | None = None,
        body: object = None,
        post_params: object = None,
        _request_timeout: object = None,
    ) -> Any:  # noqa: ANN401 - stands where the client's answer would
        del post_params
        # "." and ".." would be taken out of the path, and "" is another address.
        if any(part in {"", ".", ".."} for part in urlsplit(url).path.split("/")[1:]):
            raise NotThere
        content = None if body is None else json.dumps(body).encode()
        headers = dict(header_params or {})
        # Beside the Accept of an operation the client sends its own, as another header.
        if wanted := headers.pop("accept", None):
            headers["Accept"] = wanted
        return _Built(Request(method, url, headers, content))


def as_read(built: object) -> Request:
    """The request of a call that changes nothing."""
    request = cast("Request", built)
    return Request(request.method, request.url, request.headers, request.body, repeatable=True)


def builder(url: str) -> Builder:
    return Builder(Configuration(host=url))
