"""Keeps Envoy serving: a process that starts, restarts, replaces and empties it, with what it holds meanwhile."""
