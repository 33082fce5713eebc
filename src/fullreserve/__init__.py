"""Fullreserve: a crypto exchange that anyone can run, on one durable log.

`fullreserve.Exchange` is the engine as a library; `fullreserve.Refusal` is what it raises.
"""

from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from fullreserve.exchange.library import Exchange, Refusal

    __version__: str

__all__ = ["Exchange", "Refusal", "__version__"]


def __getattr__(name: str) -> Any:
    # Loaded at first use: the command line answers `--help` without the engine.
    if name == "__version__":
        from importlib.metadata import version

        return version("fullreserve")
    if name in {"Exchange", "Refusal"}:
        from fullreserve.exchange import library

        return getattr(library, name)
    raise AttributeError(f"module 'fullreserve' has no attribute {name!r}")
