"""Checks that no published linter makes, each one a rule of this repository."""
