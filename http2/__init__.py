"""HTTP/2 for native gRPC clients: frames come in, ASGI calls go out. It knows nothing of what is served."""
