"""The usual requests, read by compiled code: for gateways, which do not know the core."""

from fullreserve._core import PlainOrders, whole_request

__all__ = ["PlainOrders", "whole_request"]
