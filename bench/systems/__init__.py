"""The systems under test, each started as a fresh process on a port of its own."""
