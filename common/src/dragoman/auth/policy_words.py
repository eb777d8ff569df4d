"""The values that policies tell apart: what is worth trying when they are explained."""

from collections.abc import Iterator

from cedarpy import pst

from dragoman.auth.policy import Policy
from dragoman.auth.policy_check import nodes

OTHER = "(any other)"


def channels(policy: Policy) -> frozenset[str]:
    """Every channel that the server, a tool or a condition names."""
    tools = policy.vocabulary.tools.values()
    return compared(policy, "channel").union(policy.vocabulary.channels, *tools)


def compared(policy: Policy, attribute: str) -> frozenset[str]:
    """What conditions compare `context.<attribute>` with; also OTHER, for all the rest.

    Empty when no condition compares it. A pattern gives the shortest value it fits.
    """
    wanted = pst.GetAttr(pst.Var("context"), attribute)
    found = {
        value
        for statement in policy.statements
        for node in nodes(statement.node)
        for value in _compared(node, wanted)
    }
    return frozenset(found | {OTHER}) if found else frozenset()


def _compared(node: object, wanted: pst.GetAttr) -> Iterator[str]:
    match node:
        case pst.BinaryOp(left=left, right=right) if left == wanted:
            yield from _strings(right)
        case pst.BinaryOp(left=left, right=right) if right == wanted:
            yield from _strings(left)
        case pst.Like(base=base, pattern=pattern) if base == wanted:
            yield "".join(each.value for each in pattern if isinstance(each, pst.Char))
        case _:
            return


def _strings(expression: pst.Expr) -> Iterator[str]:
    match expression:
        case pst.StringLit(value):
            yield value
        case pst.Set(elements):
            for each in elements:
                yield from _strings(each)
        case _:
            return
