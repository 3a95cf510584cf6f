"""What the service tells of an account on topics that it writes itself."""
