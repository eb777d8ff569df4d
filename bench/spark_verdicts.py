"""Outcome and cause of the corpus's real runs, served under neutral names and without answers.

`max_ms` is CPU time of one diagnosis, evidence included; `max_tokens` is o200k, of the text or of
the structured content, whichever is dearer.
"""

import json
import shutil
import tempfile
import time
from dataclasses import dataclass
from pathlib import Path

from bpe_openai import get_encoding  # pyright: ignore[reportMissingTypeStubs]  # it ships none
from report import report

from dragoman.answer.text import to_structured, to_text
from dragoman_spark.diagnosis import diagnosed
from dragoman_spark.eventlog.summaries import Summaries
from dragoman_spark.report import Diagnosis
from dragoman_spark.sources import Found, LogRoot, Sources

CORPUS = Path(__file__).parents[1] / "servers" / "spark" / "tests" / "corpus"
ANSWERS = ("truth.json", "exit_code.txt", "README.md")
LATER = 1_800_000_000_000
ROUNDS = 3


@dataclass(frozen=True)
class Expected:
    outcome: str
    cause: str | None


def main() -> None:
    with tempfile.TemporaryDirectory() as folder:
        runs = served(Path(folder))
        sources = Sources([LogRoot("logs", f"file://{folder}")])
        listing = sources.find(limit=100)
        found = {one.files[0].name.split("/")[1]: one for one in listing.found}
        answers = [(expected, *timed(found[name], sources)) for name, expected in runs.items()]
    right = [answer.outcome == expected.outcome for expected, answer, _ in answers]
    failed = [(expected, answer) for expected, answer, _ in answers if expected.cause]
    fine = [answer for expected, answer, _ in answers if not expected.cause]
    report(
        "spark_verdicts",
        outcome_right=sum(right),
        outcome_total=len(right),
        cause_right=sum(answer.cause == expected.cause for expected, answer in failed),
        cause_total=len(failed),
        false_alarms=sum(answer.cause is not None for answer in fine),
        max_ms=round(max(milliseconds for _, _, milliseconds in answers), 1),
        max_tokens=max(tokens(answer) for _, answer, _ in answers),
    )


def served(folder: Path) -> dict[str, Expected]:
    """Copies the runs under neutral names; what is known of each by its new name."""
    known: dict[str, Expected] = {}
    for number, row in enumerate(json.loads((CORPUS / "truth.json").read_text())):
        name = f"r{number:02}"
        shutil.copytree(CORPUS / row["run"], folder / name, ignore=shutil.ignore_patterns(*ANSWERS))
        known[name] = expected(row["outcome"], row["root_cause"])
    return known


def expected(outcome: str, cause: str) -> Expected:
    """Slow runs succeeded; a vanished run's cause is that its logs do not hold it."""
    causes = {"failed": cause, "vanished": "vanished_cause_not_in_logs"}
    return Expected("succeeded" if outcome == "slow" else outcome, causes.get(outcome))


def timed(found: Found, sources: Sources) -> tuple[Diagnosis, float]:
    """The diagnosis and the least CPU time of a few rounds, in milliseconds."""
    rounds = [once(found, sources) for _ in range(ROUNDS)]
    return min(rounds, key=lambda one: one[1])


def once(found: Found, sources: Sources) -> tuple[Diagnosis, float]:
    begun = time.process_time()
    answer = diagnosed(found, sources, Summaries(), now=LATER)
    return answer, (time.process_time() - begun) * 1000


def tokens(answer: Diagnosis) -> int:
    encoding = get_encoding("o200k_base")
    forms = (to_text(answer), json.dumps(to_structured(answer), separators=(",", ":")))
    return max(len(encoding.encode(form)) for form in forms)


if __name__ == "__main__":
    main()
