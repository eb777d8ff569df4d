"""The Airflow server's reading tools in memory, over any Airflows and any policy."""

from collections.abc import AsyncGenerator, Callable
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Any

from airflow_in_memory import Opener, setting

from dragoman.server import Backends, Server
from dragoman.testing import Connection, Era, caller, connected, text_of
from dragoman_airflow.api import Airflow
from dragoman_airflow.fleet import Fleet, Instances
from dragoman_airflow.settings import AirflowSettings
from dragoman_airflow.tools import finding, waiting

OBJECTS = {
    "Instance": {"tags": "Set<String>"},
    "Dag": {
        "tags": "Set<String>",
        "owners": "Set<String>",
        "instance": "String",
        "instance_tags": "Set<String>",
    },
}
FUNCTIONS: tuple[Callable[..., Any], ...] = (
    finding.find_dags,
    finding.get_dag,
    finding.find_runs,
    finding.watch_run,
    finding.fleet_health,
    finding.failure_clusters,
    finding.pending_approvals,
    waiting.explain_waiting,
)
ALICE = caller("alice", "data-eng", server="airflow")
POLICY = """
@id("tools")
permit (
  principal in Group::"data-eng",
  action in [Action::"airflow.connect", Action::"airflow.list", Action::"airflow.read"],
  resource == Server::"airflow"
);
@id("airflows")
permit (principal in Group::"data-eng", action == Action::"airflow.read", resource is Instance);
@id("gold")
permit (principal in Group::"data-eng", action == Action::"airflow.read", resource is Dag)
when { CONDITION };
"""
ALL = "true"
GOLD = 'resource.tags.contains("gold")'


@asynccontextmanager
async def asking(
    state: Path,
    *airflows: Airflow,
    condition: str = ALL,
    down: str = "",
    mode: Era = "auto",
) -> AsyncGenerator[Connection]:
    """A client in alice's name; `condition` is Cedar about a DAG, `down` does not answer."""
    names = [airflow.name for airflow in airflows]
    named = [*names, *([down] if down else [])]
    told = AirflowSettings(instances=tuple(setting(name) for name in named))
    opener = Opener(dict(zip(names, airflows, strict=True)), frozenset({down}))
    instances = Instances(told, opener)

    @asynccontextmanager
    async def backends() -> AsyncGenerator[Backends]:
        yield Backends({Fleet: instances.open})

    policy = state / "policy.cedar"
    policy.write_text(POLICY.replace("CONDITION", condition))
    server = Server(
        name="airflow",
        title="Airflow",
        instructions="",
        package="dragoman_airflow",
        functions=FUNCTIONS,
        backends=backends,
        objects=OBJECTS,
        policy=policy,
    )
    async with connected(server, ALICE, state=state / "state", mode=mode) as there:
        yield there


async def told(there: Connection, tool: str, **arguments: Any) -> tuple[str, dict[str, Any]]:
    """The answer in both its forms."""
    result = await there.call(tool, arguments)
    assert not result.is_error, text_of(result)
    assert result.structured_content is not None
    return text_of(result), result.structured_content


async def refused(there: Connection, tool: str, **arguments: Any) -> str:
    result = await there.call(tool, arguments)
    assert result.is_error, text_of(result)
    return text_of(result)
