"""The usual requests, read and answered by compiled code; gateways do not know the core."""

from fullreserve._core import PlainOrders, SignedRequests, taken_frame, whole_request

__all__ = ["PlainOrders", "SignedRequests", "taken_frame", "whole_request"]
