"""Tests of the running service, as its clients see it."""
