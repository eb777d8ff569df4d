from enum import StrEnum


class Risk(StrEnum):
    """What a call can do, least harmful first."""

    READ = "read"
    OWN = "own"
    WRITE = "write"
    DESTROY = "destroy"

    @property
    def asks(self) -> bool:
        """Whether a person must say yes first."""
        return self in {Risk.WRITE, Risk.DESTROY}

    @property
    def level(self) -> int:
        return list(Risk).index(self)
