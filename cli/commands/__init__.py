"""The subcommands of `tidings`, each in a module of its name, and what only they use."""
