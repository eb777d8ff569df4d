"""A handle names a result and proves whose it is."""

import hmac
import secrets
from base64 import urlsafe_b64decode, urlsafe_b64encode
from dataclasses import dataclass

from dragoman.elicitation.proposal import Person
from dragoman.errors import BadInput

_ID_BYTES, _SEAL_BYTES = 9, 12
_LENGTH = (_ID_BYTES + _SEAL_BYTES) * 4 // 3


class NoSuchResult(BadInput):
    """Unknown, another person's or forged, which read alike."""


@dataclass(frozen=True, slots=True)
class Handles:
    """Seals result ids with the key that all replicas share."""

    key: bytes

    def new_id(self) -> str:
        return secrets.token_hex(_ID_BYTES)

    def seal(self, result_id: str, owner: Person) -> str:
        """28 characters that only this person's calls can open."""
        raw = bytes.fromhex(result_id)
        return urlsafe_b64encode(raw + self._seal(raw, owner)).decode()

    def open(self, handle: str, owner: Person) -> str:
        """The result's id. Raises NoSuchResult."""
        raw = _bytes(handle)
        result_id, seal = raw[:_ID_BYTES], raw[_ID_BYTES:]
        if not hmac.compare_digest(seal, self._seal(result_id, owner)):
            raise NoSuchResult("You have no result with this handle; run the query again.")
        return result_id.hex()

    def _seal(self, result_id: bytes, owner: Person) -> bytes:
        text = result_id + owner.key.encode()
        return hmac.digest(self.key, text, "sha256")[:_SEAL_BYTES]


def _bytes(handle: str) -> bytes:
    if len(handle) != _LENGTH or not handle.isascii():
        return b""
    try:
        return urlsafe_b64decode(handle)
    except ValueError:
        return b""
