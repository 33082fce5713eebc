"""Live market data: books, trades, tickers and candles, a projection of the durable log."""
