"""Gaps: the discontinuities that subscribers were told, and why."""
