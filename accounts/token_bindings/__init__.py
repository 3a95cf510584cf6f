"""What ties tokens to the log-ins that they were made with."""
