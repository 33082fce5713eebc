"""Parameters that several endpoints of the web API share."""

from __future__ import annotations

from typing import Annotated

from msgspec import Meta

from fullreserve.gateway.errors import Problem
from fullreserve.gateway.rest.params import Params
from fullreserve.identity import emails


def _email(name: str, text: str) -> str:
    try:
        return emails.normal(text)
    except ValueError as allowed:
        raise Problem(51000, name, str(allowed)) from None


Email = Annotated[str, Meta(description="E-mail address", extra={"read": _email})]
Password = Annotated[str, Meta(description="10 to 128 characters")]
Ticket = Annotated[str, Meta(description="What the step before gave; it lasts 15 minutes")]
Code = Annotated[str, Meta(description="From a message, an authenticator, or a recovery code")]
Credential = Annotated[str, Meta(description="What the browser's authenticator gave, as JSON")]
Id = Annotated[str, Meta(description="One row's of the list")]


class CodeParams(Params):
    """The answer to a ticket."""

    ticket: Ticket
    code: Code


class CredentialParams(Params):
    """A passkey's answer to a ticket."""

    ticket: Ticket
    credential: Credential


class IdParams(Params):
    """One row of a list."""

    id: Id
