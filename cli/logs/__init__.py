"""What processes log: its form, its level, and what must not be in it."""
