"""Ends a backend when the process that started it is gone: `python -m dragoman_backends.leash`."""

import signal
import sys

from dragoman_backends.processes import end_marked


def main(mark: str) -> None:
    """Holds until standard input closes, which the kernel does for a dead parent, too."""
    signal.signal(signal.SIGINT, signal.SIG_IGN)
    sys.stdin.buffer.read()
    end_marked(mark, set(), patience=0)


if __name__ == "__main__":
    main(sys.argv[1])
