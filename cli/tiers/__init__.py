"""Each tier as a process of its own: the variables that configure it, and what it is put together from."""
