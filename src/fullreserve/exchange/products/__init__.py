"""Slow products: deterministic folds in Python beside the core."""
