"""Operators who look at an account as its members see it."""
