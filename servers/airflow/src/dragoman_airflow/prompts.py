"""Prompts that people pick in their client: work through a failure, hand it on."""

from mcp.server import MCPServer

PROMPTS = ("triage_failure", "hand_over_failure")


def register(mcp: MCPServer) -> None:
    """Adds the prompts; policy decides who sees them."""

    @mcp.prompt()
    def triage_failure(dag: str, run: str = "") -> str:  # pyright: ignore[reportUnusedFunction]  # registered by the decorator
        """Work out why a run failed or waits, and what would mend it."""
        what = f"run {run} of {dag}" if run else f"the newest run of {dag} that did not succeed"
        return (
            f"Find out why {what} failed or does not get on.\n"
            "1. diagnose_run. If it waits, explain_waiting.\n"
            "2. If the answer has a handover to the Spark or Presto server, follow it.\n"
            "3. Tell me in three sentences: the root task and cause with its evidence, what "
            "changed since the last success, and what is not the cause.\n"
            "4. If a re-run would help, make a plan with plan_change and show me what it says. "
            "Apply nothing before I agree."
        )

    @mcp.prompt()
    def hand_over_failure(dag: str, run: str) -> str:  # pyright: ignore[reportUnusedFunction]  # registered by the decorator
        """A note to whoever takes this failure over."""
        return (
            f"Write a hand-over note for run {run} of {dag}: when it failed, root task, cause and "
            "confidence, the quoted evidence with try and line, what changed since the last "
            "success, what was tried (plans and approvals), what is still unknown, and links. Use "
            "diagnose_run and compare_runs; state nothing that they do not say."
        )
