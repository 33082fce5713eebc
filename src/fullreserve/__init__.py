"""Fullreserve: a crypto exchange that anyone can run, on one durable log."""

from importlib.metadata import version

__version__ = version("fullreserve")
