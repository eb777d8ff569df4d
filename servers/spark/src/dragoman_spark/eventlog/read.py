"""An application's facts from its event log files, and any line of them again."""

from collections.abc import Sequence
from dataclasses import replace

from dragoman.errors import BadInput
from dragoman_spark.eventlog.facts import Application, LastEvent, SqlExecution
from dragoman_spark.eventlog.lines import LINE_LIMIT
from dragoman_spark.eventlog.places import DamageKind, Place
from dragoman_spark.eventlog.scan import Scan
from dragoman_spark.sources.codecs import decode
from dragoman_spark.sources.files import LogFile
from dragoman_spark.sources.layout import Written, arrange
from dragoman_spark.sources.peek import as_id

_STEP = 1 << 18
_CUTS = {DamageKind.CUT_FRAME, DamageKind.CUT_LINE, DamageKind.SHRANK, DamageKind.GREW}


class NotAnEventLog(BadInput):
    """The files hold data, but no Spark event."""


class PlaceGone(BadInput):
    """The file no longer holds a line at that place."""


def read_application(files: Sequence[LogFile]) -> Application:
    """All facts of one attempt of one application, in one pass and bounded memory.

    `files` are its event files in any order, with or without the appstatus file. Damage is
    reported in the facts. Raises NotAnEventLog, and LogUnreadable when a file cannot be read.
    """
    written = arrange(files)
    scan = Scan()
    for file in written.events:
        scan.read(file)
        if scan.header.foreign is not None:
            break
    if not scan.events and any(file.size for file in written.events):
        _refuse_unless_cut(scan)
    _note_gaps(scan, written)
    return _application(scan, written)


def read_line(file: LogFile, place: Place) -> bytes:
    """The raw line at a place, without its newline, at most 16 MB of it.

    Raises PlaceGone when no line begins there any more, LogUnreadable when the file is gone.
    """
    decoded = decode(file)
    buffer = bytearray(_STEP)
    skip, before, line = place.offset, b"\n", bytearray()
    try:
        while count := decoded.readinto(memoryview(buffer)):
            if skip >= count:
                skip -= count
                before = bytes(buffer[count - 1 : count])
                continue
            if not line and skip:
                before = bytes(buffer[skip - 1 : skip])
            end = buffer.find(b"\n", skip, count)
            line += buffer[skip : end if end >= 0 else count]
            skip = 0
            if end >= 0 or len(line) > LINE_LIMIT:
                break
    finally:
        decoded.close()
    if before != b"\n" or not line:
        raise PlaceGone("No line begins at that place any more: the log has changed. Ask again.")
    return bytes(line[:LINE_LIMIT])


def _refuse_unless_cut(scan: Scan) -> None:
    damaged = {kind for kind, _ in scan.damage}
    if damaged and damaged <= _CUTS:
        return
    raise NotAnEventLog("The files are not a Spark event log: no line of them is an event.")


def _note_gaps(scan: Scan, written: Written) -> None:
    if written.missing:
        scan.note(DamageKind.MISSING_FILE, written.folder, count=written.missing)
    if written.compacted:
        scan.note(DamageKind.COMPACTED, written.compacted)


def _application(scan: Scan, written: Written) -> Application:
    header, scheduling = scan.header, scan.scheduling
    return Application(
        id=as_id(header.start.id) or written.app_id,
        attempt_id=as_id(header.start.attempt) or written.attempt_id,
        name=header.start.name,
        user=header.start.user,
        spark_version=header.version,
        start=header.start.time,
        end=header.end.time,
        exit_code=header.end.exit_code,
        ended=header.ended_at is not None,
        ended_at=header.ended_at,
        started_at=header.started_at,
        in_progress=written.in_progress,
        last=LastEvent(*scan.last, scan.latest) if scan.last else None,
        environment=header.environment,
        compute=tuple(scheduling.compute),
        jobs=scheduling.jobs,
        stages={tally.key: tally.stage() for tally in scheduling.tallies.values()},
        executors=scheduling.executors,
        exclusions=tuple(scheduling.exclusions),
        executions=_with_jobs(scan),
        queries=tuple(scan.querying.queries.values()),
        sessions=scan.connecting.sessions,
        operations=scan.connecting.operations,
        failures=scan.failures.facts(),
        overflow=scan.failures.overflow,
        damage=tuple(scan.damage.values()),
        events=scan.events,
        files=tuple(file.name for file in written.events),
        size=sum(file.size for file in written.events),
    )


def _with_jobs(scan: Scan) -> dict[int, SqlExecution]:
    jobs: dict[int, list[int]] = {}
    for job in scan.scheduling.jobs.values():
        if job.execution_id is not None:
            jobs.setdefault(job.execution_id, []).append(job.id)
    return {
        key: replace(execution, job_ids=tuple(jobs.get(key, ())))
        for key, execution in scan.querying.executions.items()
    }
