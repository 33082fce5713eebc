"""The WebSocket gateway: OKX v5 channels and order entry on a port of its own."""
