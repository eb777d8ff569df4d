"""Random DAGs for the benchmark of previews: graphs, rules, mapped tasks, setups, states."""

import json
import random
from dataclasses import asdict, dataclass, field, replace

RULES = (
    "all_success",
    "all_success",
    "all_success",
    "all_done",
    "one_success",
    "none_failed",
    "one_failed",
    "all_failed",
    "none_skipped",
    "none_failed_min_one_success",
    "always",
)
QUICK = ("quick", "quick", "quick", "quick", "quick", "quick", "held", "deferred")

TEMPLATE = '''\
"""Generated: random airflow DAGs for the benchmark of previews."""

import json
import time
from datetime import datetime, timedelta

from airflow.providers.standard.operators.empty import EmptyOperator
from airflow.providers.standard.operators.python import PythonOperator
from airflow.providers.standard.sensors.date_time import DateTimeSensorAsync
from airflow.providers.standard.sensors.python import PythonSensor
from airflow.sdk import DAG


class Cell(EmptyOperator):
    """Ends at once, in the scheduler, mapped or not."""

    def __init__(self, *, cell=None, **rest):
        super().__init__(**rest)
        self.cell = cell


def sleep():
    time.sleep(3_000)


def fail():
    raise ValueError("again")


def no():
    return False


def operator(task):
    common = {"task_id": task["name"], "trigger_rule": task["rule"], "retries": task["retries"]}
    match task["kind"]:
        case "held":
            return Cell(pool="no_such_pool", on_success_callback=print, **common)
        case "deferred":
            return DateTimeSensorAsync(
                target_time="2100-01-01T00:00:00+00:00", start_from_trigger=True, **common
            )
        case "running":
            return PythonOperator(python_callable=sleep, **common)
        case "retrying":
            return PythonOperator(
                python_callable=fail, retry_delay=timedelta(hours=9), **{**common, "retries": 3}
            )
        case "rescheduled":
            return PythonSensor(
                python_callable=no, mode="reschedule", poke_interval=30_000, **common
            )
    if task["width"]:
        return Cell.partial(**common).expand(cell=list(range(task["width"])))
    return Cell(**common)


for spec in json.loads(SPECS):
    with DAG(
        spec["dag_id"],
        schedule=None,
        start_date=datetime(2026, 1, 1),
        is_paused_upon_creation=True,
    ) as dag:
        made = {task["name"]: operator(task) for task in spec["tasks"]}
        for setup in spec["setups"]:
            made[setup].as_setup()
        for setup, teardown in spec["teardowns"]:
            made[teardown].as_teardown(setups=made[setup])
        for above, below in spec["edges"]:
            made[above] >> made[below]
    globals()[spec["dag_id"]] = dag
'''


@dataclass(frozen=True)
class Cell:
    """One task; `width` is the number of its mapped instances, 0 for a plain task."""

    name: str
    kind: str
    rule: str
    retries: int
    width: int


@dataclass(frozen=True)
class Spec:
    """One DAG; `teardowns` are pairs of a setup and its teardown."""

    dag_id: str
    tasks: list[Cell]
    edges: list[tuple[str, str]]
    setups: list[str] = field(default_factory=list[str])
    teardowns: list[tuple[str, str]] = field(default_factory=list[tuple[str, str]])

    @property
    def plain(self) -> list[Cell]:
        return [one for one in self.tasks if not one.width]


def specs(seed: int, count: int, prefix: str, slow: int) -> list[Spec]:
    """So many DAGs; `slow` of them have a task that needs a worker."""
    rng = random.Random(seed)  # noqa: S311  # drawn again from the same seed
    return [_spec(rng, f"{prefix}_{number:03}", slow=number < slow) for number in range(count)]


def source(all_specs: list[Spec]) -> str:
    """One DAG file with all of them."""
    text = json.dumps([asdict(one) for one in all_specs])
    return f"SPECS = {text!r}\n\n{TEMPLATE}"


def _spec(rng: random.Random, dag_id: str, *, slow: bool) -> Spec:
    size = rng.randint(3, 9)
    tasks = [_cell(rng, f"t{number}") for number in range(size)]
    if slow:
        kind = rng.choice(("running", "retrying", "rescheduled"))
        tasks[rng.randrange(2)] = Cell("t_slow", kind, "always", 0, 0)
    names = [one.name for one in tasks]
    density = rng.choice((0.2, 0.35, 0.6))
    edges = [
        (above, below)
        for at, above in enumerate(names)
        for below in names[at + 1 :]
        if rng.random() < density
    ]
    if rng.random() < 0.25 and size > 3:
        return _with_setup(rng, dag_id, tasks, edges)
    return Spec(dag_id, tasks, edges)


def _cell(rng: random.Random, name: str) -> Cell:
    kind = rng.choice(QUICK)
    width = rng.randint(2, 5) if kind == "quick" and rng.random() < 0.25 else 0
    return Cell(name, kind, rng.choice(RULES), rng.choice((0, 0, 2)), width)


def _with_setup(
    rng: random.Random, dag_id: str, tasks: list[Cell], edges: list[tuple[str, str]]
) -> Spec:
    """A setup before some of the tasks, and its teardown after them."""
    plain = [one.name for one in tasks if one.kind in QUICK]
    within = rng.sample(plain, min(len(plain), rng.randint(1, 3)))
    # Airflow takes no other rule directly after a setup.
    tasks = [replace(one, rule=RULES[0]) if one.name in within else one for one in tasks]
    setup = Cell("make", "quick", "all_success", 0, 0)
    teardown = Cell("drop", "quick", "all_done_setup_success", 0, 0)
    around = [("make", name) for name in within] + [(name, "drop") for name in within]
    return Spec(dag_id, [setup, *tasks, teardown], [*around, *edges], ["make"], [("make", "drop")])
