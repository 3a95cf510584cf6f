"""How tiers find each other and pass state, behind one interface."""
