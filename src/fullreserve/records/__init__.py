"""History: a projection of the log in SQL. It may be dropped; the follower rebuilds it."""
