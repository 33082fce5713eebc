"""Proof of reserves: what is owed, what is there, and statements of both that a stranger checks."""
