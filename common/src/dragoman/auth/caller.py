from dataclasses import dataclass
from typing import Literal


@dataclass(frozen=True, slots=True)
class Caller:
    """Who makes this very request, as proven by its token and its connection.

    `subject` is the configured claim, case-folded, and empty for a service without a person.
    `surface` is the token's `act.sub`, `workload` the SPIFFE id; both are empty when absent.
    `expires_at` is in seconds since the epoch.
    """

    subject: str
    groups: frozenset[str] = frozenset()
    surface: str = ""
    channel: str = ""
    workload: str = ""
    issuer: str = ""
    scopes: frozenset[str] = frozenset()
    expires_at: int = 0

    @property
    def kind(self) -> Literal["User", "Service"]:
        return "User" if self.subject else "Service"

    @property
    def name(self) -> str:
        """The person, or else the service."""
        return self.subject or self.workload
