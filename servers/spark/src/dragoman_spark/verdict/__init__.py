"""Why an application failed: cause, confidence, evidence."""

from dragoman_spark.verdict.causes import MEANING, Cause, Certainty, Confidence
from dragoman_spark.verdict.diagnose import diagnose
from dragoman_spark.verdict.model import Citation, NextCall, OperationVerdict, Suspect, Verdict

__all__ = [
    "MEANING",
    "Cause",
    "Certainty",
    "Citation",
    "Confidence",
    "NextCall",
    "OperationVerdict",
    "Suspect",
    "Verdict",
    "diagnose",
]
