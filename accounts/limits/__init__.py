"""What accounts may use, what they use of it, and who is told when it is nearly all."""
