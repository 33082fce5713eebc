"""Custody: processes that watch chains, pay withdrawals and sign; they know the door alone."""
