"""Accounts as operators of the installation see them, and what they do with them."""
