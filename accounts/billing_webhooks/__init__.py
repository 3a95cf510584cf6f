"""Where an account wants to be told of something, and what is still to be told there."""
