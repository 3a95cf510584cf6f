"""Durable topics: their items are in Redis Streams before they are acknowledged."""
