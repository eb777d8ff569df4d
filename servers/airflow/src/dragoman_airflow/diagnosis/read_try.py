"""One try's log, streamed once and put into what a verdict needs."""

from dragoman_airflow.api import Airflow
from dragoman_airflow.diagnosis.reading import Reading, Said
from dragoman_airflow.errors import AirflowError, LogNotFound
from dragoman_airflow.logs.exceptions import Chain
from dragoman_airflow.logs.reading import LogDigest, LogReader
from dragoman_airflow.models import Instance

_BEFORE = 12
_EVIDENCE = 3
_FRAMES = 3
_CHAIN = 4


async def read_try(airflow: Airflow, one: Instance, try_number: int) -> Reading:
    """A try's reading; one that is missing says why."""
    try:
        async with airflow.log(one, try_number) as stream:
            reader = LogReader(stream.content_type)
            async for chunk in stream.chunks:
                reader.feed(chunk)
            digest = reader.end()
    except (LogNotFound, AirflowError) as error:
        return Reading(try_number, unread=str(error), missing=True)
    return reading_of(digest, try_number)


def reading_of(digest: LogDigest, try_number: int) -> Reading:
    ending = digest.ending
    chain: Chain = ending.chain if ending else ()
    before = ending.before if ending else digest.tail
    return Reading(
        try_number,
        lines=digest.counts.lines,
        cause="code_error" if chain else "",
        says=Said(ending.line.number, ending.line.text) if ending else None,
        chain=tuple(one.text for one in chain[-_CHAIN:]),
        frames=tuple(frame.text for one in chain[:1] for frame in one.user_frames[:_FRAMES]),
        before=tuple(Said(one.number, one.text) for one in before[-_BEFORE:]),
        signature=ending.signature if ending else "",
        handover=tuple(one.handover for one in digest.external if one.handover),
    )
