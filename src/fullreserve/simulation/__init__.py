"""The demo market: recorded and seeded prices, market makers and takers that are API clients."""
