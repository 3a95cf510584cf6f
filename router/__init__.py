"""Tier 1: takes the requests of clients and holds the streams of subscribers."""
