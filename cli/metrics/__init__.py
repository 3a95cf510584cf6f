"""What Prometheus reads: `/metrics` of every process, on a port that clients do not reach."""
