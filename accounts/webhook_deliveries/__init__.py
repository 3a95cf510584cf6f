"""How items of topics get to the servers that webhooks name, and what became of each."""
