"""Why a caller could not be told: what the refusal of a token or a mesh header says."""

from typing import Literal

from dragoman.errors import Refused

Reason = Literal[
    "missing",
    "several",
    "malformed",
    "too_large",
    "algorithm",
    "issuer",
    "key_unknown",
    "keys_unavailable",
    "signature",
    "audience",
    "expired",
    "not_yet_valid",
    "claim",
    "mesh",
]


class TokenRefused(Refused):
    """The proof of who calls does not hold.

    `reason` is for the audit and for counting. The text never repeats the token or anything
    else the caller sent.
    """

    def __init__(self, reason: Reason, text: str) -> None:
        super().__init__(text)
        self.reason: Reason = reason
