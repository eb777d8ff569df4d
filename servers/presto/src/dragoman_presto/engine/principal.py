"""Whether the coordinator lets this server act as anyone: tried with a person who cannot exist."""

import secrets
from enum import StrEnum

from dragoman_presto.engine.connect import Engine
from dragoman_presto.engine.errors import CoordinatorProblem, CoordinatorRefused, EngineFailure
from dragoman_presto.engine.headers import Identity
from dragoman_presto.engine.statement import Limits


class Reach(StrEnum):
    """Whom this server can act as on a coordinator."""

    LIMITED = "limited"
    ANYONE = "anyone"
    UNKNOWN = "unknown"


async def reach(engine: Engine) -> Reach:
    """ANYONE when a made-up user may run `SELECT 1`, LIMITED when Presto denies it.

    A coordinator that takes every user takes the caller's word for who they are.
    """
    nobody = Identity(f"dragoman-check-{secrets.token_hex(8)}", ("tool:start-up-check",))
    try:
        await engine.trial("SELECT 1", nobody, Limits(seconds=30.0))
    except EngineFailure as failure:
        return Reach.LIMITED if failure.name == "PERMISSION_DENIED" else Reach.UNKNOWN
    except CoordinatorRefused:
        return Reach.LIMITED
    except CoordinatorProblem:
        return Reach.UNKNOWN
    return Reach.ANYONE


async def impersonation_problem(engine: Engine, *, production: bool) -> str:
    """Why the server must not serve from this coordinator; empty when it may.

    With a fixed service user nobody is impersonated, and nothing is tried.
    """
    coordinator = engine.coordinator
    skipped = coordinator.user_mode == "service" or coordinator.impersonation_check == "off"
    if skipped or not production:
        return ""
    match await reach(engine):
        case Reach.LIMITED:
            return ""
        case Reach.ANYONE:
            return (
                f"coordinator {coordinator.name} lets this server act as anyone: a made-up user "
                "could run a query. Give Presto principal rules (access-control.name=file), or "
                "set impersonation_check=off where another layer holds them."
            )
        case Reach.UNKNOWN:
            return (
                f"coordinator {coordinator.name} could not be asked whether it lets this server "
                "act as anyone"
            )
