"""What both versions' adapters share: asking, decoding pages, and saying what is missing."""

from abc import ABC, abstractmethod
from collections.abc import Awaitable, Callable, Hashable, Iterable, Mapping
from dataclasses import dataclass
from typing import ClassVar, TypeVar

from pydantic import ValidationError

from dragoman_airflow.api import ANY, Feature
from dragoman_airflow.client.answers import Ask, Json, NotThere
from dragoman_airflow.client.paging import Page, read_list
from dragoman_airflow.client.session import Session
from dragoman_airflow.client.tolerant import Raw, rows, text, whole
from dragoman_airflow.client.wire import Request
from dragoman_airflow.errors import (
    DagNotFound,
    InstanceNotFound,
    Invalid,
    NotOnThisAirflow,
    RunNotFound,
    Unreachable,
)
from dragoman_airflow.models import Listing
from dragoman_airflow.settings import InstanceSetting

T = TypeVar("T")

Build = Callable[[], Request]
"""Makes a request; raises NotThere for an id that no address can name."""


@dataclass(frozen=True, slots=True)
class Of:
    """What a request is about; it says what is missing when the answer is 404."""

    dag_id: str = ""
    run_id: str = ""
    task_id: str = ""
    map_index: int = -1


NOTHING = Of()


@dataclass(frozen=True, slots=True)
class ListAsk:
    """A list: the field its rows are in, what it is for, and how many rows to ask for at once."""

    rows: str
    ask: Ask
    of: Of = NOTHING
    limit: int = 1_000
    by_cursor: bool = False


class Asking(ABC):
    """One Airflow as one caller asks it."""

    since: ClassVar[Mapping[Feature, tuple[int, int]]] = {}
    """What Airflows of this kind can have, and from which version on."""

    def __init__(self, setting: InstanceSetting, version: str, session: Session, page: int) -> None:
        self._setting = setting
        self._version = version
        self._session = session
        self._page = page

    @property
    def name(self) -> str:
        return self._setting.name

    @property
    def version(self) -> str:
        return self._version

    @property
    def address(self) -> str:
        return (self._setting.ui_url or self._setting.url).rstrip("/")

    @property
    def requests(self) -> int:
        return self._session.requests

    def has(self, feature: Feature) -> bool:
        since = self.since.get(feature)
        return since is not None and self._release >= since

    @property
    def _release(self) -> tuple[int, int]:
        """Major and minor version."""
        parts = [part for part in self._version.split(".")[:2] if part.isdigit()]
        return (int(parts[0]), int(parts[1])) if len(parts) == 2 else (0, 0)

    @abstractmethod
    def _dag_request(self, dag_id: str) -> Request: ...

    @abstractmethod
    def _run_request(self, dag_id: str, run_id: str) -> Request: ...

    async def _get(self, build: Build, ask: Ask, of: Of = NOTHING) -> Json:
        """The JSON object. Raises what is missing, by name, at 404."""
        try:
            return await self._session.get(self._built(build, ask), ask)
        except NotThere:
            raise await self._missing(of) from None

    async def _list(
        self,
        listed: ListAsk,
        build: Callable[[int, int, str], Request],
        decode: Callable[[Raw], T | None],
        key: Callable[[T], Hashable],
        count: Callable[[], Awaitable[int]] | None = None,
    ) -> Listing[T]:
        """All pages of a list; `build` takes how many rows, from where, after which cursor."""

        async def fetch(size: int, offset: int, cursor: str) -> Page[T]:
            raw = await self._get(lambda: build(size, offset, cursor), listed.ask, listed.of)
            return self._page_of(raw, listed, decode)

        return await read_list(fetch, key, limit=listed.limit, page=self._page, count=count)

    def _page_of(self, raw: Json, listed: ListAsk, decode: Callable[[Raw], T | None]) -> Page[T]:
        if not isinstance(raw.get(listed.rows), list):
            raise Unreachable(
                f"Airflow {self.name} gave no list when asked to {listed.ask.what}. "
                "Is its address in the settings that of an Airflow?"
            )
        given = rows(raw, listed.rows)
        items = tuple(one for one in map(decode, given) if one is not None)
        total = whole(raw, "total_entries")
        bound = whole(raw, "total_entries_limit")
        by_cursor = listed.by_cursor and "next_cursor" in raw
        return Page(
            items,
            total,
            cursor=text(raw, "next_cursor") if by_cursor else None,
            at_least=bound is not None and total is not None and total >= bound,
            lost=len(given) - len(items),
        )

    def _one_page(
        self, raw: Json, listed: ListAsk, decode: Callable[[Raw], T | None]
    ) -> Listing[T]:
        """A list that has no pages."""
        page = self._page_of(raw, listed, decode)
        if page.lost or page.total != page.rows:
            known = page.total if page.total and page.total > page.rows else None
            return Listing(page.items, known, complete=False, note="it came incomplete")
        return Listing(page.items, page.total, complete=True)

    def _built(self, build: Build, ask: Ask) -> Request:
        try:
            return build()
        except ValidationError as error:
            named = {str(part) for fault in error.errors() for part in fault["loc"]}
            ours = [known for name, known in (ask.fields or {}).items() if name in named]
            look = f": look at {', '.join(ours)}" if ours else ""
            raise Invalid(
                f"Airflow {self.name} takes no such values to {ask.what}{look}."
            ) from None
        except ValueError:
            raise Invalid(f"Airflow {self.name} takes no such values to {ask.what}.") from None

    def _whole(self, made: T | None, ask: Ask) -> T:
        """A value that could be decoded."""
        if made is None:
            raise Unreachable(
                f"Airflow {self.name} gave an answer without its id when asked to {ask.what}."
            )
        return made

    def _lacks(self, feature: Feature, instead: str = "") -> NotOnThisAirflow:
        more = f" {instead}" if instead else ""
        return NotOnThisAirflow(f"Airflow {self.name} ({self.version}) lacks {feature}.{more}")

    async def _missing(self, of: Of) -> DagNotFound | RunNotFound | InstanceNotFound | Unreachable:
        """What of the things asked about is not there, from the DAG down."""
        dag_id, run_id = of.dag_id, of.run_id
        if of is NOTHING or dag_id == ANY:
            return Unreachable(
                f"Airflow {self.name} does not know an address of its own version's API (404)."
            )
        if of.task_id and await self._is_there(lambda: self._run_request(dag_id, run_id)):
            mapped = f" with map index {of.map_index}" if of.map_index >= 0 else ""
            return InstanceNotFound(
                f"Run {run_id} of DAG {dag_id} has no instance of task {of.task_id}{mapped}. "
                "A mapped task needs its map index; get_dag lists the tasks."
            )
        if run_id and run_id != ANY and await self._is_there(lambda: self._dag_request(dag_id)):
            return RunNotFound(f"DAG {dag_id} has no run {run_id}. find_runs lists its runs.")
        return DagNotFound(
            f"No DAG {dag_id} that you may see in Airflow {self.name}. find_dags lists them."
        )

    async def _is_there(self, build: Build) -> bool:
        ask = Ask("read a DAG or run", "the right to read DAGs and their runs")
        try:
            await self._session.send(build(), ask)
        except NotThere:
            return False
        return True


def kept(listing: Listing[T], items: Iterable[T]) -> Listing[T]:
    """What is left of a list after a filter of our own; the claim was about all of it."""
    left = tuple(items)
    claimed = len(left) if listing.complete else None
    return Listing(left, claimed, complete=listing.complete, note=listing.note)
