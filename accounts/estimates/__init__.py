"""What a message would cost, before it is sent."""
