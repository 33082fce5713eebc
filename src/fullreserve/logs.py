"""Structured logs on standard error, without secrets.

Levels by who reads them: `error` wakes an operator; `warning` is read the next morning; `info`
tells an operator what the exchange does; `debug` is for a developer.
"""

import logging
import re
import sys
from collections.abc import Mapping
from typing import TextIO

import structlog
from structlog.typing import EventDict, Processor, WrappedLogger

from fullreserve.config import LogSettings

REDACTED = "[redacted]"

# Matched anywhere in a key, so that `apiSecret`, `OK-ACCESS-SIGN` and `db_password` are caught.
SECRET_KEY = re.compile(
    r"secret|passw|passphrase|token|signature|access.sign|cookie|authorization"
    r"|credential|private.?key|api.?key|seed.?phrase|mnemonic|otp",
    re.IGNORECASE,
)


def redact(_logger: WrappedLogger, _method: str, event: EventDict) -> EventDict:
    """Replace the value under every key that looks like a secret's, at any depth."""
    return {key: _clean(key, value) for key, value in event.items()}


def _clean(key: object, value: object) -> object:
    if isinstance(key, str) and SECRET_KEY.search(key):
        return REDACTED
    if isinstance(value, Mapping):
        return {inner: _clean(inner, item) for inner, item in value.items()}
    if isinstance(value, list | tuple):
        return [_clean(None, item) for item in value]
    return value


def configure(settings: LogSettings, stream: TextIO | None = None) -> None:
    """Set structured logging up for this process; also what libraries log goes through it."""
    out = stream or sys.stderr
    console = settings.format == "console" or (settings.format == "auto" and out.isatty())
    shared: list[Processor] = [
        structlog.contextvars.merge_contextvars,
        structlog.stdlib.add_logger_name,
        structlog.stdlib.add_log_level,
        structlog.processors.TimeStamper(fmt="iso", utc=True),
        structlog.processors.format_exc_info,
        redact,
    ]
    last: Processor = (
        structlog.dev.ConsoleRenderer(colors=out.isatty())
        if console
        else structlog.processors.JSONRenderer()
    )
    structlog.configure(
        processors=[
            structlog.stdlib.filter_by_level,
            *shared,
            structlog.stdlib.ProcessorFormatter.wrap_for_formatter,
        ],
        logger_factory=structlog.stdlib.LoggerFactory(),
        wrapper_class=structlog.stdlib.BoundLogger,
        cache_logger_on_first_use=True,
    )
    handler = logging.StreamHandler(out)
    handler.setFormatter(
        structlog.stdlib.ProcessorFormatter(
            foreign_pre_chain=shared,
            processors=[structlog.stdlib.ProcessorFormatter.remove_processors_meta, last],
        )
    )
    root = logging.getLogger()
    root.handlers = [handler]
    root.setLevel(settings.level.upper())
    # Each connection and each start would be a line; what matters of them is said by our own.
    for chatty in ("picows", "uvicorn"):
        logging.getLogger(chatty).setLevel(max(logging.WARNING, root.level))
