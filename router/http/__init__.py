"""The HTTP API of topics, for programs without an SDK."""
