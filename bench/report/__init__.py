"""Turns measurements into what people read: Markdown, charts and JSON."""
