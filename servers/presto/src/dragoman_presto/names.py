"""The names of catalogs, schemas, tables and columns that one caller may see."""

from collections.abc import Sequence
from dataclasses import dataclass

from dragoman_presto.client import Warehouse
from dragoman_presto.engine.errors import EngineFailure
from dragoman_presto.errors import TooMuch

_TOOL = "names"


@dataclass(frozen=True, slots=True)
class VisibleNames:
    """Asked of Presto in the caller's name; empty for what is hidden or not there."""

    warehouse: Warehouse

    async def catalogs(self) -> Sequence[str]:
        found = await self._first("SHOW CATALOGS")
        return [name for name in found if name != "system" and self.warehouse.sees(name)]

    async def schemas(self, catalog: str) -> Sequence[str]:
        catalog = catalog or self.warehouse.coordinator.catalog
        if not catalog or not self.warehouse.sees(catalog):
            return []
        return await self._first(f"SHOW SCHEMAS FROM {quoted(catalog)}")

    async def tables(self, catalog: str, schema: str) -> Sequence[str]:
        if not catalog or not schema or not self.warehouse.sees(catalog):
            return []
        return await self._first(f"SHOW TABLES FROM {quoted(catalog)}.{quoted(schema)}")

    async def columns(self, table: str) -> Sequence[str]:
        """Of a table as a statement writes it, short or in full."""
        parts = self.full(table)
        if not parts or not self.warehouse.sees(parts[0]):
            return []
        return await self._first(f"SHOW COLUMNS FROM {'.'.join(map(quoted, parts))}")

    async def functions(self) -> Sequence[str]:
        return list(dict.fromkeys(await self._first("SHOW FUNCTIONS")))

    def full(self, table: str) -> list[str]:
        """Catalog, schema and table; empty where the session does not say which are meant."""
        coordinator = self.warehouse.coordinator
        parts = table.split(".")
        whole = [coordinator.catalog, coordinator.default_schema, *parts][-3:]
        if len(parts) == 2:
            whole = [coordinator.catalog, *parts]
        return whole if len(parts) <= 3 and all(whole) else []

    async def _first(self, sql: str) -> list[str]:
        try:
            result = await self.warehouse.ask(sql, _TOOL)
        except (EngineFailure, TooMuch):
            return []
        return [str(row[0]) for row in result.rows]


def quoted(name: str) -> str:
    """A name as Presto reads it, whatever is in it."""
    escaped = name.replace('"', '""')
    return f'"{escaped}"'
