"""The warehouse as one caller may see it: in their name, inside the catalogs of their policy."""

import re
import secrets
from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

from dragoman.auth.caller import Caller
from dragoman.auth.policy import Entity
from dragoman.elicitation.proposal import Person
from dragoman.errors import BadInput
from dragoman.tool import Permits
from dragoman_presto.engine.connect import Engine, Result
from dragoman_presto.engine.errors import CoordinatorProblem, EngineFailure
from dragoman_presto.engine.headers import Identity
from dragoman_presto.engine.principal import impersonation_problem
from dragoman_presto.engine.statement import Limits
from dragoman_presto.errors import NotRun, TooMuch
from dragoman_presto.gate.gate import Gate
from dragoman_presto.gate.head import head
from dragoman_presto.gate.kinds import Kind
from dragoman_presto.gate.lexer import Token, lex, name_of, place
from dragoman_presto.gate.verdict import Verdict
from dragoman_presto.preview.plan import Scan, plan_of
from dragoman_presto.preview.reads import Reads, reads_of
from dragoman_presto.results.handle import Handles
from dragoman_presto.results.keeper import Keeper
from dragoman_presto.results.store import ResultStore
from dragoman_presto.settings import Coordinator, PrestoSettings

QUERY = "presto.query"
WRITE = "presto.write"
DIAGNOSE = "presto.diagnose"

_SHORT = Limits(rows=20_000, bytes=32 * 1024 * 1024, seconds=30.0)
_NO_RANGES = "NOT_SUPPORTED"


@dataclass(frozen=True, slots=True)
class Look:
    """What Presto plans to read for a statement; nothing for SHOW and DESCRIBE."""

    scans: tuple[Scan, ...]
    reads: Reads


class UnknownCoordinator(BadInput):
    """No coordinator of that name."""


class Presto:
    """Every configured coordinator; queries of all callers are kept by one keeper."""

    def __init__(self, settings: PrestoSettings, keeper: Keeper, *, production: bool) -> None:
        self.settings = settings
        self.keeper = keeper
        self.gate = Gate()
        self._production = production
        self._engines = {
            coordinator.name: Engine(coordinator, settings.threads)
            for coordinator in settings.coordinators
        }

    async def open(self, caller: Caller, instance: str, permits: Permits) -> "Warehouse":
        """The coordinator of that name, the first one without. Raises UnknownCoordinator."""
        names = list(self._engines)
        if not names:
            raise UnknownCoordinator(
                "No coordinator is configured: set DRAGOMAN_PRESTO_COORDINATORS."
            )
        name = instance or names[0]
        if name not in self._engines:
            raise UnknownCoordinator(
                f"No coordinator is called {name}; there are {', '.join(names)}."
            )
        return Warehouse(self, self._engines[name], caller, permits)

    async def problem(self) -> str:
        """Why no query can be run now, for readiness."""
        if not self._engines:
            return "no coordinator is configured: set DRAGOMAN_PRESTO_COORDINATORS"
        for engine in self._engines.values():
            try:
                await engine.version(Identity("dragoman-readiness"))
            except CoordinatorProblem as wrong:
                return str(wrong)
            if refusal := await impersonation_problem(engine, production=self._production):
                return refusal
        return ""


@dataclass(frozen=True, slots=True)
class Warehouse:
    """One coordinator, spoken to in one caller's name."""

    presto: Presto
    engine: Engine
    caller: Caller
    permits: Permits

    @property
    def coordinator(self) -> Coordinator:
        return self.engine.coordinator

    @property
    def keeper(self) -> Keeper:
        return self.presto.keeper

    @property
    def settings(self) -> PrestoSettings:
        return self.presto.settings

    @property
    def owner(self) -> Person:
        return Person.behind(self.caller)

    def identity(self, tool: str) -> Identity:
        """The person, and what operators can queue and charge this query by."""
        agent = (f"agent:{self.caller.surface}",) if self.caller.surface else ()
        return Identity(self.caller.name, (f"tool:{tool}", *agent), secrets.token_hex(8))

    def sees(self, catalog: str) -> bool:
        """Whether policy opens this catalog to the caller."""
        return self.permits(QUERY, Entity("Catalog", catalog, {"instance": self.coordinator.name}))

    async def judged(self, sql: str) -> Verdict:
        """The gate's word on a statement, as this coordinator's session would read it."""
        return await self.presto.gate.judge(
            sql, catalog=self.coordinator.catalog, schema=self.coordinator.default_schema
        )

    async def read_only(self, sql: str) -> Verdict:
        """The statement, when it changes nothing. Raises NotRun with reason, place and way out."""
        verdict = await self.judged(sql)
        if verdict.refusal is not None:
            raise NotRun(f"Not run: {verdict.refusal}")
        return verdict

    @property
    def budget(self) -> int | None:
        """Bytes that one query of the caller may read: the widest of their groups'."""
        own = [
            each.bytes
            for each in self.settings.budgets
            if not each.group or each.group in self.caller.groups
        ]
        return max(own, default=None)

    async def look(self, verdict: Verdict, tool: str) -> Look:
        """What a statement touches, and the second lock: no write, nothing outside the policy.

        Raises NotRun, and EngineFailure for a statement that Presto cannot plan.
        """
        lexed = lex(verdict.sql).tokens
        found = head(lexed)
        if found.kind is not Kind.READ:
            await self._mentions_no_hidden_catalog(lexed)
            return Look((), Reads((), (), None))
        start = lexed[found.at].start
        try:
            plan = plan_of(await self._explained("FORMAT JSON", verdict.sql[start:], tool))
        except EngineFailure as failure:
            raise _placed(failure, verdict.sql, start) from None
        if plan.writes:
            raise NotRun("Not run: Presto plans it as a write.")
        self.within_policy(plan.catalogs)
        reads = await self._ranges(verdict.sql[start:], tool)
        if reads.writes is not None:
            raise NotRun(f"Not run: Presto plans it as a write into {reads.writes}.")
        self.within_policy({table.catalog for table in reads.tables})
        return Look(plan.scans, reads)

    def within_policy(self, catalogs: Collection[str]) -> None:
        """Raises NotRun for a hidden catalog, which reads like one that is not there."""
        for catalog in sorted(catalogs):
            if not self.sees(catalog):
                raise NotRun(f"Not run: catalog {catalog} does not exist.")

    async def ask(self, sql: str, tool: str, limits: Limits = _SHORT) -> Result:
        """The whole answer to a short question of our own, in the caller's name.

        Raises TooMuch where it is not short.
        """
        result = await self.engine.rows(sql, self.identity(tool), limits)
        if result.stopped is not None:
            raise TooMuch("Presto answers more than can be used here; name what you ask about.")
        return result

    async def _ranges(self, read: str, tool: str) -> Reads:
        """Tables behind views, and filters; empty where Presto cannot write down its ranges.

        Tables of an information schema are never in it: the plan has them.
        """
        try:
            return reads_of(await self._explained("TYPE IO, FORMAT JSON", read, tool))
        except EngineFailure as failure:
            if failure.name != _NO_RANGES:
                raise
            return Reads((), (), None)

    async def _explained(self, options: str, read: str, tool: str) -> str:
        """Presto's explanation; the read begins on the second line of what Presto is sent."""
        result = await self.ask(f"EXPLAIN ({options})\n{read}", tool)
        return str(result.rows[0][0])

    async def _mentions_no_hidden_catalog(self, tokens: Sequence[Token]) -> None:
        """SHOW and DESCRIBE have no plan; what they name is in their text."""
        named = {name for token in tokens if (name := name_of(token))}
        known = [str(row[0]) for row in (await self.ask("SHOW CATALOGS", "names")).rows]
        self.within_policy([name for name in known if name.lower() in named])
        if "catalogs" in named and not all(map(self.sees, known)):
            raise NotRun("Not run: find_tables lists the catalogs that you may see.")


def _placed(failure: EngineFailure, sql: str, start: int) -> EngineFailure:
    """The failure of a read that was explained, with its place in the caller's own text."""
    if failure.line is None or failure.column is None:
        return failure
    first_line, first_column = place(sql, start)
    line = failure.line - 2 + first_line
    column = failure.column + (first_column - 1 if failure.line == 2 else 0)
    message = re.sub(r"^line \d+:\d+: ", f"line {line}:{column}: ", failure.message)
    return EngineFailure(failure.name, failure.kind, message, failure.query_id, line, column)


def keeper_of(settings: PrestoSettings, state: Path) -> Keeper:
    """The keeper of one replica; handles outlive it only with a key of the deployment's own."""
    key = settings.results_key
    handles = Handles(key.get_secret_value().encode() if key else secrets.token_bytes(32))
    url = settings.results_url or str(state / "presto-results")
    return Keeper(ResultStore(url), handles, settings.results_seconds)


def entity_types() -> Mapping[str, Mapping[str, str]]:
    """What policies can ask about."""
    return {"Catalog": {"instance": "String"}, "ServiceUser": {"instance": "String"}}
