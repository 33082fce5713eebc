"""The operator's own service, which rules of the policy may ask about a withdrawal: yes or no.

The worker asks it before it puts the request before the policy, whose fold gets the answer by
command: what was decided is in the log, and is decided once, however often the service was asked.
"""

from __future__ import annotations

from functools import partial

import structlog

from fullreserve.custody.asked_service import Service, ServiceDown, apart
from fullreserve.custody.vetting import Subject
from fullreserve.exchange.products.policy_rules import Webhook

WORDS = {"yes": Webhook.YES, "no": Webhook.NO}

log = structlog.get_logger(__name__)


class Hook:
    """`service` None: none is configured, and a rule that asks for it meets one that is down."""

    def __init__(self, service: Service | None) -> None:
        self._service = service
        self._said = ""

    async def ask(self, subject: Subject, category: str, age_ms: int) -> Webhook:
        """YES, NO or DOWN."""
        if self._service is None:
            self._tell("no service is configured, and rules ask for it")
            return Webhook.DOWN
        facts = {"category": category, "ageMs": str(age_ms), **subject.facts()}
        request, words = str(subject.request), tuple(WORDS)
        try:
            answer = await apart(partial(self._service.ask, request, facts, words))
        except ServiceDown as problem:
            self._tell(str(problem))
            return Webhook.DOWN
        self._tell("")
        return WORDS[answer]

    def _tell(self, problem: str) -> None:
        if problem != self._said:
            self._said = problem
            if problem:
                log.error("webhook down: nothing goes by itself", problem=problem)
            else:
                log.info("webhook answers again")
