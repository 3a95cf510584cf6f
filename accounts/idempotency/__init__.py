"""Requests that are made once, however often they are sent."""
