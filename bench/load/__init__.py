"""Load generators and readers, each a process of its own."""
