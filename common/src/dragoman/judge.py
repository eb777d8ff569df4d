"""Who may see and call what: the decision that all seams share."""

from collections.abc import Mapping
from dataclasses import dataclass
from functools import cache

from mcp.shared.uri_template import UriTemplate

from dragoman.auth.caller import Caller
from dragoman.auth.policy import Policy
from dragoman.risk import Risk
from dragoman.tool import Tool

LONGEST_NAME = 500
"""Characters of a name that a caller made up which are written down or given back."""


@dataclass(frozen=True)
class Judge:
    """One server's policy applied to its tools.

    `native` maps the names, URIs and URI templates of SDK-made parts to their policy action; one
    without an action is hidden from everybody.
    """

    server: str
    policy: Policy
    tools: Mapping[str, Tool]
    native: Mapping[str, str]

    def connects(self, caller: Caller) -> bool:
        """Whether the caller may use the server at all; asked again on every call."""
        return self.policy.decide(caller, f"{self.server}.connect").allowed

    def lists(self, caller: Caller) -> bool:
        """Whether the caller may discover what the server offers."""
        return self.connects(caller) and self.policy.decide(caller, f"{self.server}.list").allowed

    def sees(self, caller: Caller, name: str) -> bool:
        """Whether `name` exists for this caller: the same answer for lists and for calls.

        A service without a person reaches only reads.
        """
        if not self.connects(caller):
            return False
        tool = self.tools.get(name)
        if tool is not None:
            if tool.risk is not Risk.READ and not caller.subject:
                return False
            return self.policy.decide_tool(caller, tool.policy, name).allowed
        action = self.native.get(name, "")
        return bool(action) and self.policy.decide(caller, action).allowed

    def sees_part(self, caller: Caller, name: str) -> bool:
        """Whether a prompt or resource exists for this caller.

        A URI that fits several templates needs all of them: which one opens it is the SDK's choice.
        """
        return all(self.sees(caller, key) for key in self._keys(name))

    def native_key(self, name: str) -> str:
        """The name under which policy knows a resource: its URI, or the template it fits."""
        return self._keys(name)[0]

    def action(self, name: str) -> str:
        """The policy action that a tool, prompt or resource asks for; empty for an unknown name."""
        tool = self.tools.get(name)
        return tool.policy if tool else self.native.get(self.native_key(name), "")

    def deciding(self, caller: Caller, name: str) -> tuple[str, ...]:
        """The ids of the policies that decided about a tool, for the audit."""
        tool = self.tools.get(name)
        if tool is None:
            return ()
        return self.policy.decide_tool(caller, tool.policy, name).policies

    def missing_scope(self, caller: Caller, name: str) -> str | None:
        """The OAuth scope that a visible tool asks for and the token lacks."""
        tool = self.tools.get(name)
        needed = f"{self.server}:{'write' if tool and tool.risk.asks else 'read'}"
        if not caller.subject or needed in caller.scopes:
            return None
        if needed.endswith(":read") and f"{self.server}:write" in caller.scopes:
            return None
        return needed

    def _keys(self, name: str) -> list[str]:
        """The name itself, or every template that it fits."""
        if name in self.native:
            return [name]
        return [key for key in self.native if "{" in key and _fits(key, name)] or [name]


def _fits(template: str, uri: str) -> bool:
    return _parsed(template).match(uri) is not None


@cache
def _parsed(template: str) -> UriTemplate:
    return UriTemplate.parse(template)
