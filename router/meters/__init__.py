"""Counts what is used, so that a kill of the process loses nothing and tells of nothing twice."""
