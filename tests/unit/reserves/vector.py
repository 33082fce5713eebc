"""What both verifiers are given, and what they have to say of it."""

from __future__ import annotations

from typing import NamedTuple

from tests.unit.reserves.forge import Document


class Vector(NamedTuple):
    """Files, and the sentence that refuses them; empty where everything holds."""

    name: str
    files: list[Document]
    verdict: str
    now_ms: int | None = None  # the reader's clock, where that is to be believed
