"""Tests, by how much of the service they run: unit, integration, e2e and browser."""
