"""Servers that do nothing: what the exchange's own figures are compared with."""
