"""What one try's log says, as far as a verdict needs it."""

from dataclasses import dataclass

from dragoman.answer.handover import Handover


@dataclass(frozen=True, slots=True)
class Said:
    """A line of a log, without secrets."""

    line: int
    text: str


@dataclass(frozen=True, slots=True)
class Reading:
    """One try's log, read once.

    `cause` is empty where the log holds none, `reason` says what it rests on. `passing` ones can
    be gone at the next try; `stopped` ones only say that Airflow ended the task; `external` ones
    happened in another system. `chain` begins with the exception that was raised first.
    `signature` is the same for the same failure. `unread` says what was not read.
    """

    try_number: int
    lines: int = 0
    cause: str = ""
    meaning: str = ""
    confidence: str = ""
    reason: str = ""
    passing: bool = False
    stopped: bool = False
    external: bool = False
    chain: tuple[str, ...] = ()
    frames: tuple[str, ...] = ()
    evidence: tuple[Said, ...] = ()
    before: tuple[Said, ...] = ()
    signature: str = ""
    handover: tuple[Handover, ...] = ()
    unread: str = ""
    missing: bool = False

    @property
    def tells(self) -> bool:
        """Whether the log itself explains the end."""
        return bool(self.cause) and not self.stopped

    @property
    def short(self) -> str:
        """The failure in a line: its last exception, else the line that decides."""
        if self.chain:
            return self.chain[-1]
        return self.evidence[-1].text if self.evidence else ""
