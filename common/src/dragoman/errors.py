"""Every error that a caller may read.

ToolError (mcp)          its text reaches the agent, and says what to do next
└── DragomanError        raised by us, in any room
    ├── Refused          policy, approval or limits said no
    │   ├── NotPermitted     no permit for this caller
    │   ├── ApprovalRefused  the approval does not cover this call
    │   └── StoreUnavailable audit or approvals cannot be written: dangerous tools stop
    └── BadInput         the arguments cannot be used; the text names which and why
"""

from mcp.server.mcpserver.exceptions import ToolError


class DragomanError(ToolError):
    """An error whose text is meant for the agent."""


class Refused(DragomanError):
    """Policy, approval or limits said no."""


class NotPermitted(Refused):
    """No policy permits this caller."""


class ApprovalRefused(Refused):
    """The approval at hand does not cover this call."""


class StoreUnavailable(Refused):
    """The audit journal or the approval store cannot be written."""


class BadInput(DragomanError):
    """The arguments cannot be used."""
