"""Side by side with Redis and NATS: the same load and the same readers for all, on one machine, in one run."""
