"""The usual requests, read by compiled code: for gateways, which do not know the core."""

from fullreserve._core import PlainOrders, SignedRequests, whole_request

__all__ = ["PlainOrders", "SignedRequests", "whole_request"]
