"""What exception classes and messages mean; the first rule that matches counts."""

from dragoman_spark.logs.thrown import Thrown
from dragoman_spark.verdict.data_rules import DATA_RULES
from dragoman_spark.verdict.process_rules import PROCESS_RULES
from dragoman_spark.verdict.rule import Rule

__all__ = ["match_rule"]


def match_rule(thrown: Thrown) -> Rule | None:
    return next((rule for rule in (*PROCESS_RULES, *DATA_RULES) if rule.matches(thrown)), None)
