"""Budgets: what an account wants to spend at most in a month, and what happens when it is near or over that."""
