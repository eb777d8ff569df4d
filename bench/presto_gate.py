"""The gate's verdicts on the labelled corpus, and the CPU time of one read.

`false_accepts` are statements labelled refused that it accepts, `false_refusals_pct` is of those
labelled accepted; `read_ms` are CPU milliseconds of reads never seen before.
"""

import sys
import time
from pathlib import Path
from statistics import mean

from report import report

sys.path.insert(0, str(Path(__file__).parents[1] / "servers" / "presto" / "tests"))

from gate_corpus import Labelled, corpus

from dragoman_presto.gate.kinds import Kind
from dragoman_presto.gate.verdict import judge

ROUNDS = 5


def main() -> None:
    statements = corpus()
    accepted = [one for one in statements if one.accepted]
    refused = [one for one in statements if not one.accepted]
    reads = [one for one in accepted if one.kind is Kind.READ]
    times = [read_ms(one) for one in reads]
    report(
        "presto_gate",
        "sqlglot",
        "sqlglotc",
        statements=len(statements),
        false_accepts=sum(judge(one.sql).accepted for one in refused),
        false_refusals_pct=round(100 * mean(not judge(one.sql).accepted for one in accepted), 2),
        mean_read_ms=round(mean(times), 3),
        max_read_ms=round(max(times), 2),
    )


def read_ms(one: Labelled) -> float:
    """The least of a few rounds; nothing is remembered between them."""
    return min(once(one.sql) for _ in range(ROUNDS))


def once(sql: str) -> float:
    began = time.process_time()
    judge(sql)
    return (time.process_time() - began) * 1_000


if __name__ == "__main__":
    main()
