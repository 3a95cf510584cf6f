"""How topics get from one storage node to another when the map changes."""
