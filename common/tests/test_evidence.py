from dragoman.answer.evidence import LONGEST_QUOTE, evidence_of, matches

LINE = b"24/11/25 ERROR Executor: java.lang.OutOfMemoryError: Java heap space"


def test_evidence_is_opened_again_by_the_same_line_only() -> None:
    evidence = evidence_of("driver.stderr", 120, 3, LINE + b"\r\n", (25, 54))

    assert matches(evidence, LINE)
    assert matches(evidence, LINE + b"\n")
    assert not matches(evidence, LINE + b" ")
    assert (evidence.file, evidence.offset, evidence.line) == ("driver.stderr", 120, 3)
    assert evidence.quote == LINE.decode()


def test_a_quote_holds_the_decisive_part_of_a_5_mb_line() -> None:
    raw = b"x" * 2_500_000 + b" decisive part " + b"y" * 2_500_000

    evidence = evidence_of("a", 0, 1, raw, (2_500_001, 2_500_014))

    assert "decisive part" in evidence.quote
    assert len(evidence.quote) <= LONGEST_QUOTE


def test_a_quote_shows_no_secret_wherever_it_is_cut() -> None:
    raw = b"a " * 200 + b"password=hunter2hunter2hunter2 " + b"b " * 200

    for start in range(300, 460):
        assert b"hunter2" not in evidence_of("a", 0, 1, raw, (start, start + 5)).quote.encode()


def test_a_quote_is_one_visible_line() -> None:
    evidence = evidence_of("a", 0, 1, b"\x1b[31mred\x1b[0m \xff\x00\n")

    assert evidence.quote == "red \ufffd\\x00"


def test_a_span_outside_the_line_quotes_what_there_is() -> None:
    assert evidence_of("a", 0, 1, b"short", (100, 200)).quote == "short"
    assert evidence_of("a", 0, 1, b"", None).quote == ""
