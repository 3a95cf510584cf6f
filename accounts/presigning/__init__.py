"""Signing keys that accounts hand to their own programs."""
