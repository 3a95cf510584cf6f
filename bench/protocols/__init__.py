"""How each system is spoken to, without I/O."""
