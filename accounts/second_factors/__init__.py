"""Codes of an authenticator, asked for beside the password."""
