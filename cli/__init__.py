"""The `tidings` command, the edge it configures and supervises, and the embedded composition of all tiers."""
