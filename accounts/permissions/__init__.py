"""What credentials may do: how rules look over REST, and what routers would say."""
