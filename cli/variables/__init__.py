"""The `TIDINGS_*` variables that processes and commands read, by what they are about."""
