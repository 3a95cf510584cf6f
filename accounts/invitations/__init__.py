"""Invitations to an account, by e-mail."""
