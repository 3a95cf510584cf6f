"""Envoy, which hosts the Python application: its configuration, its environment and its administration.

Everything here is known from running it; a constant that needs a reason has the measurement beside it.
"""
