"""The exchange as Python sees it: commands, events, queries, folds, and the library face."""
