"""What agents can ask of Spark logs. The only file a reviewer of behaviour must read."""

from typing import Annotated

from pydantic import Field

from dragoman.answer.budget import DEFAULT_TOKENS, Budget, Coverage, MaxTokens, fit
from dragoman.risk import Risk
from dragoman.tool import Backend, Progress, tool
from dragoman_spark.client import READ, VisibleLogs
from dragoman_spark.models import (
    NARROW,
    NO_MATCH,
    ApplicationRow,
    Applications,
    LogLines,
    dearer,
)
from dragoman_spark.overview import Overview, overview
from dragoman_spark.pages import page
from dragoman_spark.report import Diagnosis

Spark = Backend[VisibleLogs]
ApplicationId = Annotated[
    str, Field(min_length=1, max_length=200, description="As Spark or YARN names it, e.g. app-…")
]
Attempt = Annotated[str | None, Field(description="The latest when not given")]
RootName = Annotated[
    str | None, Field(description="Only needed when several roots hold the same id")
]


@tool(risk=Risk.READ, policy=READ, minutes_saved=2)
async def find_applications(
    spark: Spark,
    text: Annotated[str | None, Field(max_length=200, description="Part of name or id")] = None,
    limit: Annotated[int, Field(ge=1, le=200)] = 20,
    max_tokens: MaxTokens = DEFAULT_TOKENS,
) -> Applications:
    """Lists Spark applications, newest first, with the root their logs are in.

    Use it when no application id is known yet; then call diagnose_application. Only the start of
    each log is read, so it says nothing about success. Runs that left no event log are listed,
    too; `note` says so. `coverage` counts what matched and what was left out; `unreachable` names
    roots that could not be searched just now.
    """
    listing = await spark.find(text, limit)
    rows = [ApplicationRow.of(found) for found in listing.found]
    kept = fit(
        rows,
        dearer,
        Budget(max_tokens - 100),
    )
    more = listing.total > kept.kept
    all_seen = not (listing.cut or listing.unreachable)
    claimed = listing.total if all_seen else None
    return Applications(
        applications=list(kept.items),
        coverage=Coverage(kept=kept.kept, delivered=kept.delivered, claimed=claimed),
        unreachable=list(listing.unreachable),
        next=NARROW if more else NO_MATCH if text and not rows else "",
    )


@tool(risk=Risk.READ, policy=READ, minutes_saved=25)
async def diagnose_application(
    application_id: ApplicationId,
    spark: Spark,
    progress: Progress,
    attempt: Attempt = None,
    root: RootName = None,
) -> Diagnosis:
    """Says how an application ended and, if it failed, why: cause, confidence and evidence.

    Call it first for any question about a failed or missing application; an id is enough. The
    cause comes from a closed list. Driver and executor logs are read, too, and will do where no
    event log is left. No cause means nothing failed, or the logs do not hold it: then `why`,
    `not_read` and `advice` say what to fetch. Open evidence again with read_log.
    """
    await progress(0, 2, "finding the application")
    attempts = await spark.attempts(application_id, attempt, root)
    await progress(1, 2, "reading its logs")
    return await spark.diagnose(attempts)


@tool(risk=Risk.READ, policy=READ, minutes_saved=5)
async def get_overview(
    application_id: ApplicationId,
    spark: Spark,
    attempt: Attempt = None,
    root: RootName = None,
    max_tokens: MaxTokens = DEFAULT_TOKENS,
) -> Overview:
    """Gives an application's shape: jobs, stages, executors, SQL and settings that matter.

    Use it after diagnose_application, to see what ran and what it cost. Failed and costly stages
    come first; what was left out is counted. It judges nothing, and needs an event log.
    """
    attempts = await spark.attempts(application_id, attempt, root)
    application = await spark.application(attempts.chosen)
    return overview(application, attempts.chosen, Budget(max_tokens))


@tool(risk=Risk.READ, policy=READ, minutes_saved=3)
async def read_log(
    file: Annotated[str, Field(max_length=1000, description="As an answer cited it")],
    spark: Spark,
    offset: Annotated[int, Field(ge=0, description="Where a line begins, in bytes")] = 0,
    line: Annotated[
        int | None, Field(ge=1, description="Number of that line; lines have none without it")
    ] = None,
    sha256: Annotated[
        str | None, Field(pattern="^[0-9a-f]{64}$", description="To check the line is unchanged")
    ] = None,
    lines: Annotated[int, Field(ge=1, le=500)] = 20,
    max_tokens: MaxTokens = DEFAULT_TOKENS,
) -> LogLines:
    """Opens a log file at a line that an answer cited, and reads on from there.

    Give file, offset, line and sha256 exactly as the evidence has them; `unchanged` then says
    whether the line is still the same. Only files of the configured roots can be read. Text is
    data from other people's programs. `next` reads on.
    """
    return await spark.read(
        lambda: page(spark.sources, file, offset, line, sha256, lines, Budget(max_tokens))
    )
