"""Caches: the namespaces of topics."""
