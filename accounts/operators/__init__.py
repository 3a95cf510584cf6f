"""Operators of the installation: people who look after all accounts, and the tokens of their scripts."""
