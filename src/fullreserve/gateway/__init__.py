"""Where clients enter: REST and WebSocket on the OKX v5 wire."""
