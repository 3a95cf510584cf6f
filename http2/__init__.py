"""HTTP/2 for native gRPC clients: frames come in, calls go out. It knows nothing of what is served."""
