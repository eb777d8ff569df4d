"""`apache-airflow-client` loads in a thread, beside what the server does meanwhile."""

import importlib
import threading
from typing import TYPE_CHECKING

import anyio.to_thread

if TYPE_CHECKING:
    from dragoman_airflow.client.requests3 import Reads3
    from dragoman_airflow.client.writes3 import Writes3

_BUILDING = "dragoman_airflow.client.building3"
_READS = "dragoman_airflow.client.requests3"
_WRITES = "dragoman_airflow.client.writes3"


class Loading:
    """What builds requests to Airflow 3, once it is loaded."""

    def __init__(self) -> None:
        self._done = threading.Event()
        self._started = False

    def start(self) -> None:
        """Returns at once."""
        if not self._started:
            self._started = True
            threading.Thread(target=self._load, name="airflow-client", daemon=True).start()

    async def requests(self, url: str) -> "tuple[Reads3, Writes3]":
        """Builders for an Airflow at `url`; the first time waits for the load."""
        self.start()
        if not self._done.is_set():
            await anyio.to_thread.run_sync(self._done.wait, abandon_on_cancel=True)
        # A load that failed fails again here, in its own words.
        reads, writes = importlib.import_module(_READS), importlib.import_module(_WRITES)
        client = importlib.import_module(_BUILDING).builder(url)
        return reads.Reads3(client), writes.Writes3(client)

    def _load(self) -> None:
        try:
            importlib.import_module(_WRITES)
            importlib.import_module(_READS)
        finally:
            self._done.set()
