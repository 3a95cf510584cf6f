"""Test clocks: an account whose time stands still until somebody turns it, so that a month passes in seconds."""
