"""The policies that can decide a question, so that the engine need not try them all.

A slice only leaves out policies that cannot match, or that another slice of the same question
tries with the same outcome; decisions are those of the whole set.
"""

from dataclasses import dataclass

from cedarpy import PolicySet, pst

from dragoman.auth.policy_check import Statement, nodes

_RESOURCE = pst.Var("resource")
_CHANNELS = pst.GetAttr(_RESOURCE, "channels")


@dataclass(frozen=True, slots=True)
class Slices:
    """One action's policies: `every` for a server or an object; a tool needs the other two.

    `tool` is tried with the tool as the resource, `server` with its server; None is empty.
    """

    every: PolicySet
    tool: PolicySet | None
    server: PolicySet | None


def slices(statements: tuple[Statement, ...], action: str) -> Slices:
    chosen = [each for each in statements if each.covers(action)]
    tool = [each for each in chosen if _can_match(each, "Tool")]
    server = [each for each in chosen if _can_match(each, "Server")]
    once = [each for each in server if each not in tool or not _same_for_both(each)]
    return Slices(_set(chosen), _set(tool) if tool else None, _set(once) if once else None)


def _can_match(statement: Statement, kind: str) -> bool:
    match statement.node.resource:
        case pst.ScopeEq(pst.EntityUid(type=named)) | pst.ScopeIs(named):
            return str(named) == kind
        case _:
            return True


def _same_for_both(statement: Statement) -> bool:
    """Whether tool and server must give the same outcome: only their equal channels are read."""
    match statement.node.resource:
        case pst.ScopeIn(pst.EntityUid(type=named)) if str(named) != "Server":
            return False
        case pst.ScopeAny() | pst.ScopeIn():
            read = list(nodes(statement.node))
            return read.count(_RESOURCE) == read.count(_CHANNELS)
        case _:
            return False


def _set(statements: list[Statement]) -> PolicySet:
    return PolicySet.from_pst(pst.PolicySet({}, {each.key: each.node for each in statements}, ()))
