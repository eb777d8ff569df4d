"""Rules of changing that hold for every version."""

import json
from collections.abc import Mapping

from dragoman_airflow.api import ANY
from dragoman_airflow.errors import Invalid
from dragoman_airflow.models import Run, Trigger


def refuse_wildcards(instance: str, **ids: str) -> None:
    """A change names what it changes: Airflow reads "~" and a missing id as all there are."""
    for name, value in ids.items():
        if not value or value == ANY:
            raise Invalid(
                f"A change in Airflow {instance} has to name one {name}; {value!r} is none."
            )


def is_same_run(run: Run, wanted: Trigger) -> bool:
    """Whether a run that exists is the one that was asked for."""
    return (
        run.run_id == wanted.run_id
        and run.note == wanted.note
        and _plain(run.conf) == _plain(wanted.conf)
        and (wanted.logical_date is None or run.logical_date == wanted.logical_date)
    )


def _plain(conf: Mapping[str, object]) -> object:
    return json.loads(json.dumps(conf))
