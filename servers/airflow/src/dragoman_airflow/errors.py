"""What can go wrong between us and an Airflow.

DragomanError
├── AirflowError             an Airflow did not do what was asked
│   ├── Unreachable          no answer in time, or none that can be read
│   │   └── AnswerLost       a change was sent, and nobody knows whether it was made
│   ├── Denied               401 or 403: the account lacks a right there
│   ├── Conflict             409: it exists already, or runs just now
│   ├── Invalid              400 or 422: Airflow does not take these values
│   └── NotOnThisAirflow     that version cannot do it
└── BadInput
    ├── UnknownInstance      no Airflow of that name for this caller
    ├── DagNotFound          unknown or hidden, which read alike
    ├── RunNotFound
    ├── InstanceNotFound
    └── LogNotFound          that try has no log; the text names the tries there are
"""

from dragoman.errors import BadInput, DragomanError


class AirflowError(DragomanError):
    """An Airflow did not do what was asked; its own error bodies are never passed on."""


class Unreachable(AirflowError):
    """No answer in time, or none that can be read."""


class AnswerLost(Unreachable):
    """A change was sent, and nobody knows whether it was made."""


class Denied(AirflowError):
    """The account lacks a right in that Airflow."""


class Conflict(AirflowError):
    """It exists already, or runs just now; nothing was changed."""


class Invalid(AirflowError):
    """Airflow does not take these values."""


class NotOnThisAirflow(AirflowError):
    """That version cannot do it."""


class UnknownInstance(BadInput):
    """No Airflow of that name for this caller."""


class DagNotFound(BadInput):
    """Unknown or hidden, which read alike."""


class RunNotFound(BadInput):
    """That DAG has no run of that id."""


class InstanceNotFound(BadInput):
    """That run has no such task instance."""


class LogNotFound(BadInput):
    """That try has no log."""
