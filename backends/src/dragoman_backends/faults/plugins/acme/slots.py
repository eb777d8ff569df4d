"""Remote slots whose agents were taken away: work is queued there and never begun."""

from typing import Any

try:
    from airflow.executors.base_executor import BaseExecutor
except ImportError:
    BaseExecutor = object


class RemoteSlots(BaseExecutor):  # type: ignore[misc]  # Airflow is not in this environment
    """Takes work into its queue; no agent fetches it."""

    supports_ad_hoc_ti_run = True

    def start(self) -> None:
        self.waiting: list[Any] = []

    def _process_workloads(self, workloads: list[Any]) -> None:
        for one in workloads:
            self.queued_tasks.pop(one.ti.key, None)
            self.running.add(one.ti.key)
            self.waiting.append(one)

    def sync(self) -> None:
        """No news, as no agent reports any."""

    def revoke_task(self, *, ti: Any) -> None:  # noqa: ANN401  # Airflow is not here to name it
        self.running.discard(ti.key)
        self.queued_tasks.pop(ti.key, None)

    def end(self) -> None:
        self.waiting.clear()

    def terminate(self) -> None:
        self.end()
