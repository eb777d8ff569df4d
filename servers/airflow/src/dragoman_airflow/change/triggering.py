"""What a trigger would start, and whether its conf fits the DAG's params."""

import re
from collections.abc import Iterator, Mapping
from difflib import get_close_matches
from hashlib import sha256
from typing import cast

from dragoman.errors import BadInput
from dragoman_airflow.api import Airflow
from dragoman_airflow.change.consumers import consumers, unknown
from dragoman_airflow.change.forecast import Forecast, RunEffect
from dragoman_airflow.change.wanted import Wanted
from dragoman_airflow.errors import RunNotFound
from dragoman_airflow.filters import RunFilter
from dragoman_airflow.models import Dag, Run

_PREFIX = "dragoman__"
# What Airflow takes in a run id unless it is configured otherwise.
_PLAIN = re.compile(r"[A-Za-z0-9_.~:+-]{1,120}")
_TYPES: Mapping[str, tuple[type, ...]] = {
    "string": (str,),
    "integer": (int,),
    "number": (int, float),
    "boolean": (bool,),
    "array": (list,),
    "object": (dict,),
    "null": (type(None),),
}


def run_id_of(key: str) -> str:
    """The run that this key makes, and no other key."""
    if _PLAIN.fullmatch(key):
        return f"{_PREFIX}{key}"
    return f"{_PREFIX}sha256~{sha256(key.encode('utf-8', 'surrogatepass')).hexdigest()[:40]}"


async def triggering(airflow: Airflow, wanted: Wanted) -> Forecast:
    """Raises BadInput where the run exists already, or the conf does not fit."""
    dag = await airflow.dag(wanted.dag_id)
    existing = await find_run(airflow, wanted.dag_id, wanted.run_id)
    if existing is not None:
        raise BadInput(exists(existing))
    _refuse_unusable(dag)
    problems = tuple(conf_problems(wanted.conf, dag.params))
    if problems:
        raise BadInput(f"conf does not fit {dag.dag_id}: {'; '.join(problems)}.")
    active = await airflow.runs(dag.dag_id, RunFilter(states=("running", "queued")))
    return Forecast(
        kind=wanted.kind,
        instance=wanted.instance,
        dag_id=wanted.dag_id,
        run_id=wanted.run_id,
        run_becomes="queued",
        runs=(RunEffect(wanted.run_id, "", "queued"),),
        consumers=await consumers(airflow, wanted.dag_id, None),
        code=_code(dag),
        notices=(*_notices(dag, wanted, active.items), *unknown(airflow)),
    )


async def find_run(airflow: Airflow, dag_id: str, run_id: str) -> Run | None:
    try:
        return await airflow.run(dag_id, run_id)
    except RunNotFound:
        return None


def exists(run: Run) -> str:
    """The words for a key that has made its run."""
    return (
        f"This run exists: {run.run_id}, {run.state or 'without a state'}. The same key never "
        "makes a second one; watch it, or use another key for another run."
    )


def _refuse_unusable(dag: Dag) -> None:
    if dag.is_stale:
        raise BadInput(f"{dag.dag_id} is stale: its file is gone, so Airflow starts no run of it.")
    if dag.has_import_errors:
        raise BadInput(f"{dag.dag_id} has import errors, so Airflow starts no run of it. See them.")


def _code(dag: Dag) -> str:
    return f"the latest version {dag.version.version_number}" if dag.version else ""


def _notices(dag: Dag, wanted: Wanted, active: tuple[Run, ...]) -> Iterator[str]:
    if dag.is_paused:
        yield "the DAG is paused: the run stays queued until somebody unpauses it"
    extra = sorted(wanted.conf.keys() - dag.params.keys())
    if extra:
        near = {one: get_close_matches(one, list(dag.params), n=1) for one in extra}
        meant = "; ".join(f"{one}, perhaps {hit[0]}" if hit else one for one, hit in near.items())
        yield f"conf has keys that are no params of the DAG: {meant}"
    others = sum(run.state == "running" for run in active)
    if dag.max_active_runs and others >= dag.max_active_runs:
        yield f"it waits: all {dag.max_active_runs} active runs that the DAG allows are taken"


def conf_problems(conf: Mapping[str, object], params: Mapping[str, object]) -> Iterator[str]:
    """What of the params' schemas the conf breaks: missing values, types, choices, limits."""
    for name, param in params.items():
        schema, default = _schema(param)
        if name in conf:
            yield from _breaks(name, conf[name], schema)
        elif default is None and schema and not _allows(None, schema):
            yield f"{name} is required"


def _schema(param: object) -> tuple[Mapping[str, object], object]:
    if not isinstance(param, Mapping):
        return {}, param
    fields = cast("Mapping[str, object]", param)
    schema = fields.get("schema")
    if not isinstance(schema, Mapping):
        return {}, fields.get("value")
    return cast("Mapping[str, object]", schema), fields.get("value")


def _breaks(name: str, value: object, schema: Mapping[str, object]) -> Iterator[str]:
    if not _allows(value, schema):
        yield f"{name} must be {' or '.join(_types(schema))}"
        return
    choices = schema.get("enum")
    if isinstance(choices, list) and value not in choices:
        shown = ", ".join(str(one) for one in cast("list[object]", choices)[:10])
        yield f"{name} must be one of {shown}"
    if isinstance(value, int | float) and not isinstance(value, bool):
        yield from _outside(name, value, schema)


def _outside(name: str, value: float, schema: Mapping[str, object]) -> Iterator[str]:
    least, most = schema.get("minimum"), schema.get("maximum")
    if isinstance(least, int | float) and value < least:
        yield f"{name} must be at least {least}"
    if isinstance(most, int | float) and value > most:
        yield f"{name} must be at most {most}"


def _types(schema: Mapping[str, object]) -> list[str]:
    kinds = schema.get("type")
    if isinstance(kinds, str):
        return [kinds]
    return [str(kind) for kind in cast("list[object]", kinds)] if isinstance(kinds, list) else []


def _allows(value: object, schema: Mapping[str, object]) -> bool:
    kinds = _types(schema)
    if not kinds or any(kind not in _TYPES for kind in kinds):
        return True
    if isinstance(value, bool):
        return "boolean" in kinds
    if isinstance(value, float) and value.is_integer() and "integer" in kinds:
        return True
    return any(isinstance(value, _TYPES[kind]) for kind in kinds)
