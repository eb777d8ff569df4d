"""Why nothing is happening: the blocker first, then what was ruled out."""

from dragoman_airflow.waiting.causes import WaitCause
from dragoman_airflow.waiting.explain import explain, explain_absent
from dragoman_airflow.waiting.report import Place, Wait, WaitingReport

__all__ = ["Place", "Wait", "WaitCause", "WaitingReport", "explain", "explain_absent"]
