"""The one place that knows fsspec, which ships no types."""

from collections.abc import Mapping
from typing import Protocol, cast

from fsspec.core import (  # pyright: ignore[reportMissingTypeStubs]  # fsspec ships no types
    url_to_fs,  # pyright: ignore[reportUnknownVariableType]  # fsspec ships no types
)
from fsspec.implementations.local import (  # pyright: ignore[reportMissingTypeStubs]  # no types
    LocalFileSystem,
)

from dragoman_spark.sources.files import Source


class Store(Protocol):
    """What is asked of an fsspec file system."""

    def ls(self, path: str, *, detail: bool) -> list[Mapping[str, object]]: ...

    def info(self, path: str) -> Mapping[str, object]: ...

    def open(self, path: str, mode: str) -> Source: ...


def store_of(url: str) -> tuple[Store | None, str]:
    """The store of an address and the path in it; no store for the local file system."""
    store, path = cast("tuple[object, str]", url_to_fs(url))
    return (None if isinstance(store, LocalFileSystem) else cast("Store", store)), path
