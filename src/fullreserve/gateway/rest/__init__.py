"""The REST surface: one module for each group of endpoints."""
