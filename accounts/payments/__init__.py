"""Payment providers, which are told what was used and collect the money. Off unless one is set up."""
