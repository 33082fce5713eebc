"""Goal: logs are structured and hold no secrets. Method: log, and read what was written."""

import io
import json
import logging
from collections.abc import Iterator

import pytest
import structlog

from fullreserve import logs
from fullreserve.config import LogSettings


@pytest.fixture
def written() -> Iterator[io.StringIO]:
    """Collect what is logged as JSON, and leave logging as it was."""
    root = logging.getLogger()
    handlers, level = root.handlers, root.level
    stream = io.StringIO()
    logs.configure(LogSettings(level="info", format="json"), stream)
    yield stream
    root.handlers, root.level = handlers, level
    structlog.reset_defaults()


def test_a_line_is_one_json_object(written: io.StringIO) -> None:
    """Criterion: HOUSE-LOG-1."""
    structlog.get_logger("journal").info("row appended", sequence=7)
    line = json.loads(written.getvalue())
    assert line["event"] == "row appended"
    assert (line["level"], line["logger"], line["sequence"]) == ("info", "journal", 7)
    assert line["timestamp"].endswith("Z")


def test_what_libraries_log_looks_the_same(written: io.StringIO) -> None:
    """Criterion: HOUSE-LOG-1."""
    logging.getLogger("uvicorn.error").warning("closed %s", "early")
    line = json.loads(written.getvalue())
    assert (line["event"], line["level"], line["logger"]) == (
        "closed early",
        "warning",
        "uvicorn.error",
    )


def test_less_than_the_level_is_not_written(written: io.StringIO) -> None:
    """Criterion: HOUSE-LOG-1."""
    structlog.get_logger("journal").debug("too fine")
    logging.getLogger("journal").debug("too fine")
    assert written.getvalue() == ""


@pytest.mark.parametrize(
    "key",
    [
        "secret",
        "apiSecret",
        "api_key",
        "apiKey",
        "passphrase",
        "password",
        "OK-ACCESS-SIGN",
        "OK-ACCESS-PASSPHRASE",
        "Authorization",
        "cookie",
        "private_key",
        "session_token",
        "otp",
    ],
)
def test_a_value_under_a_secret_key_is_never_written(written: io.StringIO, key: str) -> None:
    """Criterion: HOUSE-LOG-2."""
    nested = {"headers": [{"deep": {key: "hunter2"}}]}
    structlog.get_logger("gateway").info("request", **{key: "hunter2"}, **nested)
    assert "hunter2" not in written.getvalue()
    assert json.loads(written.getvalue())[key] == logs.REDACTED


def test_an_exception_is_logged_with_its_traceback(written: io.StringIO) -> None:
    """Criterion: HOUSE-LOG-1."""
    try:
        (1).to_bytes(0, "big")
    except OverflowError:
        structlog.get_logger("journal").exception("append failed")
    assert "OverflowError: int too big" in json.loads(written.getvalue())["exception"]


def test_other_values_are_left_as_they_are(written: io.StringIO) -> None:
    """Criterion: HOUSE-LOG-2."""
    structlog.get_logger("gateway").info("order", instrument="BTC-USDT", asks=[["1", "2"]])
    line = json.loads(written.getvalue())
    assert (line["instrument"], line["asks"]) == ("BTC-USDT", [["1", "2"]])
