"""`apache-airflow-client` loads in a thread, beside what the server does meanwhile."""

import importlib
import threading
from types import ModuleType

import anyio.to_thread

_MODULE = "dragoman_airflow.client.requests3"


class Loading:
    """The module of requests to Airflow 3, once it is there."""

    def __init__(self) -> None:
        self._done = threading.Event()
        self._module: ModuleType | None = None
        self._started = False

    def start(self) -> None:
        """Returns at once."""
        if not self._started:
            self._started = True
            threading.Thread(target=self._load, name="airflow-client", daemon=True).start()

    async def module(self) -> ModuleType:
        self.start()
        if not self._done.is_set():
            await anyio.to_thread.run_sync(self._done.wait, abandon_on_cancel=True)
        # A failed import fails again here, with its own words.
        return self._module or importlib.import_module(_MODULE)

    def _load(self) -> None:
        try:
            self._module = importlib.import_module(_MODULE)
        finally:
            self._done.set()
