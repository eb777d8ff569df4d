"""Every fault of the set, asked about once through the tool: its cause, roots and facts, and costs.

Starts an Airflow 3 on PostgreSQL with all faults; `DRAGOMAN_BENCH_FAULTS` names the folder of one
that has them already. A fault counts as right when its cause is of the class that is known from
outside, exactly its root tasks and their instances are named as such, every fact that has to be
stated is, nothing is shown that must not be, and what changed, where the work itself was done and
what only followed are told as they are known. Bytes are of the dearer form of the answer.
"""

import asyncio
import json
import os
import re
import tempfile
import time
from collections.abc import Generator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from airflow_fault_causes import allowed
from pydantic import SecretStr
from report import report

from dragoman.answer.text import to_structured, to_text
from dragoman.auth.caller import Caller
from dragoman.auth.policy import Entity
from dragoman_airflow.client.connector import Connector
from dragoman_airflow.diagnosis.report import Diagnosis
from dragoman_airflow.fleet import Instances
from dragoman_airflow.settings import Account, AirflowSettings, InstanceSetting
from dragoman_airflow.tools.diagnosing import diagnose_run
from dragoman_backends.airflow import Airflow, airflow3
from dragoman_backends.faults.runner import SETTINGS, lay_out, run_faults
from dragoman_backends.faults.truth import Fault, faults

NAME = "bench"


@dataclass(frozen=True)
class Told:
    """One answer and what it cost."""

    fault: Fault
    answer: Diagnosis
    seconds: float
    requests: int

    @property
    def text(self) -> str:
        return to_text(self.answer)

    @property
    def structured(self) -> dict[str, Any]:
        return to_structured(self.answer)

    @property
    def bytes(self) -> int:
        form = json.dumps(self.structured, ensure_ascii=False, separators=(",", ":"))
        return max(len(self.text.encode()), len(form.encode()))


def main() -> None:
    with faulty() as airflow:
        told = asyncio.run(ask(airflow))
    wrong = [(one, problems(one)) for one in told]
    for one, found in wrong:
        print(
            f"{one.fault.dag:20} {one.answer.cause:24} {one.bytes:5} B {one.requests:3} requests "
            f"{one.seconds:5.2f} s {'; '.join(found) or 'right'}"
        )
    seconds = sorted(one.seconds for one in told)
    report(
        "airflow_diagnosis",
        causes_right=sum(not found for _, found in wrong),
        causes_total=len(told),
        max_bytes=max(one.bytes for one in told),
        max_calls=1,
        max_requests=max(one.requests for one in told),
        p95_s=round(seconds[int(0.95 * (len(seconds) - 1))], 2),
    )


@contextmanager
def faulty() -> Generator[Airflow]:
    """An Airflow in which every fault has happened."""
    folder = os.environ.get("DRAGOMAN_BENCH_FAULTS")
    if folder:
        known = json.loads((Path(folder) / "address.json").read_text())
        yield Airflow(known["version"], known["base_url"], Path(folder), known["users"])
        return
    with tempfile.TemporaryDirectory() as made:
        dags, plugins = lay_out(Path(made))
        with airflow3(
            Path(made) / "airflow", "postgresql", dags=dags, plugins=plugins, extra=SETTINGS
        ) as airflow:
            run_faults(airflow, 600)
            yield airflow


async def ask(airflow: Airflow) -> Sequence[Told]:
    account = Account(username="admin", password=SecretStr(airflow.users["admin"]))
    setting = InstanceSetting(name=NAME, url=airflow.base_url, account=account)
    settings = AirflowSettings(instances=(setting,))
    connector = Connector(settings)
    instances = Instances(settings, connector)
    try:
        await one(instances, faults(3)[0])
        return [await one(instances, fault) for fault in faults(3)]
    finally:
        await connector.aclose()


def permit_all(action: str, entity: Entity) -> bool:
    del action, entity
    return True


async def one(instances: Instances, fault: Fault) -> Told:
    fleet = await instances.open(Caller("bench"), "", permit_all)
    airflow = await fleet.at()
    before, begun = airflow.requests, time.perf_counter()
    answer = await diagnose_run(fault.dag, fleet, fault.asked or "")
    return Told(fault, answer, time.perf_counter() - begun, airflow.requests - before)


def problems(told: Told) -> list[str]:
    """What is wrong with an answer; nothing where it is right."""
    fault, answer = told.fault, told.answer
    both = (told.text, json.dumps(told.structured, ensure_ascii=False))
    found: list[str] = []
    causes = {root.cause for root in answer.roots} if len(fault.roots) > 1 else {answer.cause}
    if not causes & allowed(fault.dag, fault.cause):
        found.append(f"cause {'/'.join(sorted(causes))} is not {fault.cause}")
    found += [
        *wrong_roots(told),
        *wrong_changes(told),
        *wrong_handover(told),
        *wrongly_blamed(told),
    ]
    for form in both:
        plain = form.replace('\\"', '"')
        found += [f"not stated: {fact}" for fact in fault.stated if fact not in plain]
        found += [
            f"none stated of: {facts}"
            for facts in fault.stated_any
            if not any(fact in plain for fact in facts)
        ]
        found += [f"shown: {secret}" for secret in fault.never_shown if secret in plain]
    found += [f"stands unfenced: {text}" for text in fault.only_fenced if unfenced(told, text)]
    if told.bytes > 6_000:
        found.append(f"{told.bytes} bytes")
    return list(dict.fromkeys(found))


def wrong_roots(told: Told) -> list[str]:
    """Root tasks that are missing or too many; instances by their number and indexes."""
    known = {root.task: root for root in told.fault.roots}
    named = {root.task: root for root in told.answer.roots}
    if told.fault.raw.get("unfinished") or told.fault.waiting:
        allowed = {*told.fault.raw.get("unfinished", ()), *told.fault.waiting}
        return [f"blamed: {name}" for name in named if name not in allowed]
    found = [f"root {name} is not named" for name in known if name not in named]
    found += [f"blamed: {name}" for name in named if name not in known]
    for name, root in known.items():
        mapped = [index for index in root.map_index if index >= 0]
        words = named[name].instances if name in named else ""
        found += [f"index {index} is not named" for index in mapped if str(index) not in words]
    return found


CHANGED = {
    "conf": "conf: ",
    "dag_version": "DAG version ",
    "mapped_width": "mapped width ",
    "input_assets": "input asset ",
}


def wrong_changes(told: Told) -> list[str]:
    """What is known to have changed and is not told, and a comparison with another run."""
    raw, compared = told.fault.raw, told.answer.compared
    changed = compared.changed if compared else []
    found = [
        f"change not told: {name}"
        for name in raw.get("changed", ())
        if not any(one.startswith(CHANGED[name]) for one in changed)
    ]
    with_run = compared.with_run if compared else ""
    if with_run != raw.get("compared_with", with_run):
        found.append(f"compared with {with_run or 'none'}")
    return found


def wrong_handover(told: Told) -> list[str]:
    """Where the failed work was done: an id of another system, or a run that was started."""
    steps = [(step.server, set(map(str, step.arguments.values()))) for step in told.answer.handover]
    known, child = told.fault.raw.get("handover"), told.fault.raw.get("child")
    wanted = [(known["server"], {known["id"]})] if known else []
    wanted += [("airflow", {child["dag"], child["run"]})] if child else []
    return [
        f"no hand-over to {server}: {', '.join(sorted(ids))}"
        for server, ids in wanted
        if not any(server == other and ids <= given for other, given in steps)
    ]


def wrongly_blamed(told: Told) -> list[str]:
    """Tasks that only followed, but are called a root, failed, or failed later."""
    answer = told.answer
    blamed = {root.task for root in answer.roots}
    later = [words.split(",")[0].split(":")[0] for words in answer.also_failed]
    return [
        f"blamed: {name}"
        for name in told.fault.not_blamed
        if name in {*blamed, *later}
        or re.search(rf"\b{re.escape(name)}(?:\[\d+\])? failed", answer.headline)
    ]


def unfenced(told: Told, text: str) -> bool:
    """Whether the words stand outside of every fenced block of the text."""
    outside, inside = list[str](), False
    for line in told.text.split("\n"):
        if "[data " in line:
            inside = "[/data" not in line
            continue
        if "[/data" in line:
            inside = False
        elif not inside:
            outside.append(line)
    return any(text in line for line in outside)


if __name__ == "__main__":
    main()
