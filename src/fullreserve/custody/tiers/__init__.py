"""Warm and cold wallets: scripts with a way of recovery, and Safes with a guard."""
