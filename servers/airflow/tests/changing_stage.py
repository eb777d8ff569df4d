"""The two changing tools as a server of their own in front of a fake Airflow, and its people."""

from collections.abc import AsyncGenerator
from contextlib import asynccontextmanager
from dataclasses import dataclass

from changing_airflow import FakeAirflow
from mcp.types import CallToolResult

from dragoman.auth.caller import Caller
from dragoman.elicitation import door
from dragoman.server import Backends, Native, Server
from dragoman.testing import Connection, caller
from dragoman_airflow.fleet import Fleet, Instances
from dragoman_airflow.models import Dag, DagVersion
from dragoman_airflow.settings import AirflowSettings, InstanceSetting
from dragoman_airflow.tools.changing import apply_plans, plan_change

POLICY = """
@id("readers")
permit (
  principal in Group::"data-eng",
  action in [Action::"airflow.connect", Action::"airflow.list", Action::"airflow.read"],
  resource in Server::"airflow"
);

@id("changers")
permit (
  principal in Group::"on-call",
  action in [Action::"airflow.change", Action::"airflow.approve"],
  resource in Server::"airflow"
);

@id("desk")
permit (
  principal in Group::"on-call", action == Action::"airflow.confirm", resource in Server::"airflow"
) when { context.surface == "desk" };
"""

ALICE = caller("alice", "data-eng", "on-call", server="airflow", surface="chat")
AT_DESK = caller("alice", "data-eng", "on-call", server="airflow", surface="desk")
CAROL = caller("carol", "data-eng", "on-call", server="airflow")
BOB = caller("bob", "data-eng", server="airflow")


@dataclass(frozen=True)
class _Room(Server):
    def policy_text(self) -> str:
        return POLICY

    @property
    def version(self) -> str:
        return "1"


@dataclass(frozen=True)
class _Connector:
    airflow: FakeAirflow

    async def open(self, instance: InstanceSetting, caller: Caller) -> FakeAirflow:
        del instance, caller
        return self.airflow


def room(airflow: FakeAirflow, plan_seconds: float = 3_600.0) -> Server:
    """A server with the two tools and one Airflow called prod."""
    setting = InstanceSetting(name=airflow.name, url="https://airflow.example")
    told = AirflowSettings(instances=(setting,), plan_seconds=plan_seconds)
    instances = Instances(told, _Connector(airflow))

    @asynccontextmanager
    async def backends() -> AsyncGenerator[Backends]:
        yield Backends({Fleet: instances.open})

    return _Room(
        name="airflow",
        title="Airflow",
        instructions="",
        package="dragoman_airflow",
        functions=(plan_change, apply_plans),
        backends=backends,
        # Reading has no tool here, and policies may only name what somebody asks for.
        native=Native(lambda _: None, prompts={"triage": "airflow.read"}),
        objects={
            "Instance": {"tags": "Set<String>"},
            "Dag": {
                "tags": "Set<String>",
                "owners": "Set<String>",
                "instance": "String",
                "instance_tags": "Set<String>",
            },
        },
    )


def sales() -> FakeAirflow:
    """A run in which `load` failed below a good `extract`, and took what follows with it."""
    airflow = FakeAirflow()
    dag = Dag(dag_id="sales", max_active_runs=3, version=DagVersion(version_number=1))
    edges = {"extract": ["load"], "load": ["check", "report"], "check": [], "report": []}
    airflow.add_dag(dag, edges)
    states = {
        "extract": "success",
        "load": "failed",
        "check": "upstream_failed",
        "report": "upstream_failed",
    }
    airflow.add_run("sales", "r1", "failed", states)
    return airflow


async def planned(there: Connection, kind: str, dag: str = "sales", **more: object) -> str:
    """The id of a new plan."""
    result = await there.call("plan_change", {"kind": kind, "dag": dag, **more})
    assert not result.is_error, result.content
    assert result.structured_content is not None
    return str(result.structured_content["plan_id"])


async def applied(there: Connection, *plan_ids: str, reason: str = "mend it") -> CallToolResult:
    return await there.call("apply_plans", {"plan_ids": list(plan_ids), "reason": reason})


async def approve(there: Connection, who: Caller = CAROL, strike: str = "") -> None:
    """A person, signed in themselves, says yes to the one call that waits."""
    (record,) = await door.waiting(there.app.approvals, who)
    await door.approve(there.app.approvals, record.proposal.id, who, strike)
