"""A DAG that is not there, or has no run: what its file, its state and import errors say."""

import re
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import PurePosixPath

from dragoman.answer.untrusted import Untrusted
from dragoman_airflow.diagnosis.asking import Asking
from dragoman_airflow.diagnosis.causes import MEANING, RunCause
from dragoman_airflow.diagnosis.fitting import fitted
from dragoman_airflow.diagnosis.report import Diagnosis
from dragoman_airflow.errors import DagNotFound
from dragoman_airflow.fleet import Reached
from dragoman_airflow.models import Dag, ImportFault, Listing

_MOST = 3
_TRACE_LINES = 4
_TRACE = 300


async def find_missing(reached: Reached, dag_id: str, error: DagNotFound) -> Diagnosis:
    """Why none of these Airflows has the DAG: the first whose import errors may tell."""
    unsure: Diagnosis | None = None
    for airflow in reached.airflows:
        asking = Asking(airflow)
        try:
            told = fitted(await missing(asking, dag_id, error))
        except DagNotFound:
            continue
        if told.cause == RunCause.DAG_BROKEN:
            return told
        unsure = unsure or told
    if unsure is None:
        raise error
    return unsure


@dataclass(frozen=True, slots=True)
class Broken:
    """What keeps a known DAG from new runs, in words, and the trace of it."""

    cause: RunCause
    words: str
    says: Sequence[Untrusted] = ()


async def missing(asking: Asking, dag_id: str, error: DagNotFound) -> Diagnosis:
    """Why no such DAG is there. Raises the error again when no import error can be the reason."""
    none: Listing[ImportFault] = Listing((), None, complete=False)
    found = await asking.tried("import errors", asking.airflow.import_errors(limit=100), none)
    likely = [one for one in found.items if _names(one, dag_id)]
    others = [one for one in found.items if one not in likely]
    if not likely and not others:
        raise error
    if likely:
        cause = f"{MEANING[RunCause.DAG_BROKEN]}: {_place(likely[0])}"
        headline = f"DAG {dag_id} is not on Airflow {asking.airflow.name}: {cause}."
    else:
        headline = (
            f"DAG {dag_id} is not on Airflow {asking.airflow.name}; {len(others)} files there "
            "cannot be imported, and none of them names it. Check the id, too."
        )
    return Diagnosis(
        headline=headline,
        instance=asking.airflow.name,
        dag=dag_id,
        cause=(RunCause.DAG_BROKEN if likely else RunCause.DAG_GONE).value,
        says=_told(likely or others),
        not_read=asking.not_read,
        advice="mend the file; the DAG comes back when it is parsed again",
    )


async def broken(asking: Asking, dag: Dag) -> Broken | None:
    """What is wrong with the file of a DAG that is known; None where nothing is."""
    if not (dag.has_import_errors or dag.is_stale):
        return None
    found: Listing[ImportFault] = Listing((), None, complete=False)
    if asking.has_room("import errors"):
        asked = asking.airflow.import_errors(limit=100)
        found = await asking.tried("import errors", asked, found)
    own = [one for one in found.items if _same_file(one, dag)]
    if own:
        words = f"its file cannot be imported now: {_place(own[0])}"
        return Broken(RunCause.DAG_BROKEN, words, _told(own))
    if dag.is_stale:
        return Broken(RunCause.DAG_STALE, MEANING[RunCause.DAG_STALE])
    return Broken(RunCause.DAG_BROKEN, "its file has import errors, which could not be read")


def _names(fault: ImportFault, dag_id: str) -> bool:
    """Whether the file's name or its failing lines name the DAG."""
    stem = PurePosixPath(fault.filename).stem.lower()
    wanted = dag_id.lower()
    if stem and (stem == wanted or stem in wanted.split(".") or wanted.startswith(f"{stem}_")):
        return True
    return bool(re.search(rf"\b{re.escape(dag_id)}\b", fault.stack_trace))


def _same_file(fault: ImportFault, dag: Dag) -> bool:
    file = fault.filename.lstrip("/")
    return bool(file) and (dag.fileloc == fault.filename or dag.fileloc.endswith(f"/{file}"))


def _place(fault: ImportFault) -> str:
    bundle = f" of bundle {fault.bundle_name}" if fault.bundle_name else ""
    return f"{Untrusted(fault.filename)}{bundle}"


def _told(faults: Sequence[ImportFault]) -> list[Untrusted]:
    return [_trace(fault) for fault in faults[:_MOST]]


def _trace(fault: ImportFault) -> Untrusted:
    """The end of the trace, where the error and its line are."""
    lines = [line for line in Untrusted(fault.stack_trace).splitlines() if line.strip()]
    kept = "\n".join(line.strip()[:_TRACE] for line in lines[-_TRACE_LINES:])
    return Untrusted(f"{fault.filename}: {kept}")
