"""Compares, hour by hour, what was billed with what others have counted of the same traffic."""
