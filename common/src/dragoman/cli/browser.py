"""Shows a person the address at which they sign in."""

import os
import sys
import webbrowser
from threading import Thread

from dragoman.cli.output import err

_SCREENS = ("DISPLAY", "WAYLAND_DISPLAY")


def show(address: str) -> None:
    """Prints the address, and opens it where there is a screen."""
    err().print(f"Sign in at:\n{address}", markup=False)
    has_screen = sys.platform in {"darwin", "win32"} or any(map(os.environ.get, _SCREENS))
    # A browser inside the terminal would take the terminal over.
    if has_screen and sys.stderr.isatty():
        Thread(target=webbrowser.open, args=[address], daemon=True).start()
