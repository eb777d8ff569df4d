"""What Presto's tools and answers cost an agent, in o200k tokens.

Rows: 100 tpch-like rows of 10 columns, as text and as structured content, each against the same
rows as an indented list of objects. An error: an unknown column, as `run_query` answers it.
"""

import json
import random

from bpe_openai import get_encoding  # pyright: ignore[reportMissingTypeStubs]  # it ships none
from pydantic import JsonValue
from report import report

from dragoman.answer.text import to_structured, to_text
from dragoman.answer.untrusted import fence
from dragoman.server import find
from dragoman_presto.models import Rows

COLUMNS = (
    "orderkey bigint",
    "custkey bigint",
    "orderstatus varchar(1)",
    "totalprice double",
    "orderdate date",
    "orderpriority varchar(15)",
    "clerk varchar(15)",
    "shippriority integer",
    "discount decimal(4,2)",
    "comment varchar(79)",
)
WORDS = (
    *("furiously", "ironic", "deposits", "sleep", "above"),
    *("the", "carefully", "regular", "accounts"),
)


def main() -> None:
    rows = [row(number) for number in range(100)]
    answer = Rows(
        query_id="20261125_093000_00042_ab3de",
        state="finished",
        columns=list(COLUMNS),
        rows=rows,
        known_rows=100,
        stats="1.2 s, 19/19 splits, 15,000 rows and 3.1 MB read",
    )
    names = [column.split()[0] for column in COLUMNS]
    plain = json.dumps([dict(zip(names, one, strict=True)) for one in rows], indent=2)
    tools = [
        {"name": tool.name, "description": tool.description, "inputSchema": tool.input_schema}
        for tool in find("presto").tools.values()
        if not tool.risk.asks
    ]
    said = fence("line 1:8: Column 'orderkye' cannot be resolved")
    error = (
        f"unknown_column (SYNTAX_ERROR, query 20261125_093000_00042_ab3de): {said} "
        "Perhaps you mean orderkey (or orderdate)."
    )
    structured = json.dumps(to_structured(answer), separators=(",", ":"))
    report(
        "presto_tokens",
        "bpe-openai",
        tools=len(tools),
        list_tokens=tokens(json.dumps(tools, separators=(",", ":"))),
        rows_text_ratio=round(tokens(to_text(answer)) / tokens(plain), 3),
        rows_structured_ratio=round(tokens(structured) / tokens(plain), 3),
        error_tokens=tokens(error),
    )


def row(number: int) -> list[JsonValue]:
    chance = random.Random(number)  # noqa: S311  # the same rows every time
    return [
        number * 7 + 1,
        chance.randrange(1, 1_500),
        chance.choice("OFP"),
        round(chance.uniform(800, 460_000), 2),
        f"199{chance.randrange(2, 9)}-{chance.randrange(1, 13):02}-{chance.randrange(1, 29):02}",
        chance.choice(["1-URGENT", "2-HIGH", "3-MEDIUM", "4-NOT SPECIFIED", "5-LOW"]),
        f"Clerk#{chance.randrange(1, 1_000):09}",
        0,
        f"{chance.random():.2f}",
        " ".join(chance.sample(WORDS, 6)),
    ]


def tokens(text: str) -> int:
    return len(get_encoding("o200k_base").encode(text))


if __name__ == "__main__":
    main()
