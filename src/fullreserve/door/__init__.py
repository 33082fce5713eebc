"""The one door to the exchange: submit, query, stream. In-process and Unix socket are equal."""
