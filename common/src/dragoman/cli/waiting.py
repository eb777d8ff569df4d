"""A bar on standard error while a call takes longer than it should seem to."""

import asyncio
from collections.abc import Generator
from contextlib import contextmanager

from rich.console import Console
from rich.progress import Progress, SpinnerColumn, TaskID, TextColumn, TimeElapsedColumn

from dragoman.cli.output import plain


class Bar:
    """Shown once by `start`, and never again after `stop`."""

    def __init__(self, title: str, console: Console) -> None:
        self._title = title
        self._stopped = not console.is_terminal
        self._progress = Progress(
            SpinnerColumn(),
            TextColumn("{task.description}", markup=False),
            TimeElapsedColumn(),
            console=console,
            transient=True,
        )
        self._task: TaskID = self._progress.add_task(title, total=None)

    def start(self) -> None:
        if not self._stopped:
            self._progress.start()

    def stop(self) -> None:
        """Clears the line for good: a form or the answer needs it."""
        self._stopped = True
        if self._progress.live.is_started:
            self._progress.stop()

    async def show(self, progress: float, total: float | None, message: str | None) -> None:
        text = plain(message or self._title)
        self._progress.update(self._task, completed=progress, total=total, description=text)


@contextmanager
def waiting(title: str, console: Console, seconds: float = 2.0) -> Generator[Bar]:
    """A bar that appears only on a terminal, and only after `seconds` of a running event loop."""
    bar = Bar(title, console)
    timer = asyncio.get_running_loop().call_later(seconds, bar.start)
    try:
        yield bar
    finally:
        timer.cancel()
        bar.stop()
