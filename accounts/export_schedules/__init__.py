"""Exports that are made again and again, into a folder or a bucket of the installation."""
