"""What a person's agent prepares in one call and applies in another."""

import time
from dataclasses import dataclass

from dragoman.answer.canonical import digest
from dragoman.elicitation.approvals import Approvals, Plan
from dragoman.elicitation.proposal import Person


@dataclass(frozen=True, slots=True)
class Plans:
    """One person's plans: nobody else's can be read through it."""

    approvals: Approvals
    owner: Person

    async def save(self, content: str, seconds: float) -> Plan:
        """The content as a plan that is good for so many seconds. Raises StoreUnavailable."""
        expires = time.time() + seconds
        fingerprint = digest(content)
        plan_id = await self.approvals.save_plan(self.owner, content, fingerprint, expires)
        return Plan(plan_id, content, fingerprint, expires)

    async def get(self, plan_id: str) -> Plan:
        """Raises BadInput when it is unknown, another person's, or has run out."""
        return await self.approvals.get_plan(plan_id, self.owner)
