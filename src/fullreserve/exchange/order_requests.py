"""The usual order request, read by compiled code: for gateways, which do not know the core."""

from fullreserve._core import PlainOrders, signed_order

__all__ = ["PlainOrders", "signed_order"]
