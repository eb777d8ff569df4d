"""Whole lines of a log in one reused buffer."""

from dragoman_spark.sources.codecs import Decoded

START_SIZE = 1 << 20
LINE_LIMIT = 16 << 20


class LineBuffer:
    """`data[:end]` holds whole lines, the first of them at `base` in the file.

    A line longer than `LINE_LIMIT` is left out and counted in `skipped`; `tail` is what follows
    the last newline of the file.
    """

    def __init__(self, decoded: Decoded, size: int = START_SIZE, limit: int = LINE_LIMIT) -> None:
        self._decoded = decoded
        self._limit = limit
        self._filled = 0
        self.data = bytearray(size)
        self.base = 0
        self.end = 0
        self.skipped: list[int] = []

    @property
    def tail(self) -> bytes:
        return bytes(self.data[self.end : self._filled])

    def fill(self) -> bool:
        """Replaces the lines by the next ones; false at the end of the file."""
        self._drop(self.end)
        self.end = 0
        while not self.end:
            if self._filled == len(self.data):
                self._widen()
            if not self._read():
                return False
        return True

    def _read(self) -> bool:
        """True once some bytes came; `end` moves to behind the last newline among them."""
        before = self._filled
        with memoryview(self.data) as view, view[before:] as rest:
            count = self._decoded.readinto(rest)
        self._filled += count
        self.end = self.data.rfind(b"\n", before, self._filled) + 1
        return count > 0

    def _drop(self, count: int) -> None:
        left = self._filled - count
        self.data[:left] = self.data[count : self._filled]
        self.base += count
        self._filled = left

    def _widen(self) -> None:
        if len(self.data) < self._limit:
            self.data.extend(bytes(len(self.data)))
            return
        self.skipped.append(self.base)
        while self._filled:
            self._drop(self._filled)
            self._read()
            if self.end:
                self._drop(self.end - 1)
                self.end = 0
                return
