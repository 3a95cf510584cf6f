"""Tokens that carry their own permissions."""
