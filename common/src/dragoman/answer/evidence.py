"""Evidence that can be opened again: which line of which file, and its hash."""

from hashlib import sha256

from pydantic import BaseModel, ConfigDict, Field

from dragoman.answer.untrusted import Untrusted, harmless

LONGEST_QUOTE = 200

_MARGIN = 8_192


class Evidence(BaseModel):
    """One line that a statement rests on."""

    model_config = ConfigDict(frozen=True)

    file: str
    offset: int = Field(ge=0, description="Of the line, in uncompressed bytes of the file")
    line: int = Field(ge=1, description="Number of the line, from 1")
    sha256: str = Field(pattern="^[0-9a-f]{64}$", description="Of the raw line without its newline")
    quote: Untrusted


def evidence_of(
    file: str,
    offset: int,
    line_number: int,
    raw: bytes,
    span: tuple[int, int] | None = None,
) -> Evidence:
    """Evidence for a raw line; `span` is the decisive part in bytes of it, else its start.

    The quote holds at most 200 characters around the decisive part, without secrets.
    """
    return Evidence(
        file=file,
        offset=offset,
        line=line_number,
        sha256=_hash(raw),
        quote=Untrusted(_quote(_bare(raw), span or (0, 0))),
    )


def matches(evidence: Evidence, raw: bytes) -> bool:
    """Whether the raw line, with or without its newline, is the one the evidence names."""
    return _hash(raw) == evidence.sha256


def _hash(raw: bytes) -> str:
    return sha256(_bare(raw)).hexdigest()


def _bare(raw: bytes) -> bytes:
    return raw.removesuffix(b"\n").removesuffix(b"\r")


def _quote(raw: bytes, span: tuple[int, int]) -> str:
    first = max(0, min(span[0], len(raw)) - _MARGIN)
    window = raw[first : min(span[1], span[0] + LONGEST_QUOTE) + _MARGIN]
    text = _line(window)
    if len(text) <= LONGEST_QUOTE and len(window) == len(raw):
        return text
    decisive = _line(raw[span[0] : min(span[1], span[0] + LONGEST_QUOTE)])
    at = text.find(decisive)
    if at < 0:
        at = min(len(_line(raw[first : span[0]])), len(text))
    return _around(text, at, min(len(decisive), LONGEST_QUOTE - 2))


def _line(raw: bytes) -> str:
    return harmless(raw.decode("utf-8", "replace")).replace("\n", "\\n")


def _around(text: str, at: int, length: int) -> str:
    room = LONGEST_QUOTE - 2
    start = max(0, min(at - (room - length) // 3, len(text) - room))
    end = min(len(text), start + room)
    before = "…" if start else ""
    after = "…" if end < len(text) else ""
    return f"{before}{text[start:end]}{after}"
