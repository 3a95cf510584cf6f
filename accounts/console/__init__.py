"""The web console: pages made on the server, with modules of our own where something is live."""
