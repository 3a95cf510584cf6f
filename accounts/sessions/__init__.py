"""Log-ins."""
