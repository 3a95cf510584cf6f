"""The keys that this installation signs tokens with."""
