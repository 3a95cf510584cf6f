"""The gRPC services of the account tier."""
