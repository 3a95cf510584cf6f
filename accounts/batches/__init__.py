"""Batches of usage from routers: each is applied once, and kept to prove the sums."""
