"""How hard the fleet is tried: a little in every run, `TIDINGS_FAULT_ROUNDS=30` for hours of it."""

import os

ROUNDS = int(os.environ.get("TIDINGS_FAULT_ROUNDS", "2"))
"""How often a test of repeated faults repeats them."""

CUT_SECONDS = 20.0 if ROUNDS >= 10 else 4.0
"""How long a network is cut: longer than it takes the router to notice, 3 s."""

RECONNECTING = 2_000 if ROUNDS >= 10 else 600
"""Subscribers that lose their router at once."""
