"""Webhooks of topics: where each item of a topic is posted to."""
