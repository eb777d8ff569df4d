"""What one try's log says, as far as a verdict needs it."""

from dataclasses import dataclass

from dragoman.answer.handover import Handover


@dataclass(frozen=True, slots=True)
class Said:
    """A line of a log; `text` is as the task wrote it."""

    line: int
    text: str


@dataclass(frozen=True, slots=True)
class Reading:
    """One try's log, read once.

    `chain` begins with the exception that was raised first; `signature` is the same for the same
    failure. `cause` is empty where the log holds none, and `unread` says what was not read.
    """

    try_number: int
    lines: int = 0
    cause: str = ""
    meaning: str = ""
    confidence: str = ""
    transient: bool = False
    says: Said | None = None
    chain: tuple[str, ...] = ()
    frames: tuple[str, ...] = ()
    evidence: tuple[Said, ...] = ()
    before: tuple[Said, ...] = ()
    signature: str = ""
    handover: tuple[Handover, ...] = ()
    unread: str = ""
    missing: bool = False

    @property
    def short(self) -> str:
        """The failure in a line: its last exception, else what it says."""
        if self.chain:
            return self.chain[-1]
        return self.says.text if self.says else ""
