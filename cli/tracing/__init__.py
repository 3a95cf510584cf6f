"""Sends traces by OpenTelemetry, where the environment says to whom."""
