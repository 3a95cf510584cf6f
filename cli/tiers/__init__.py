"""Each tier as a process of its own, and what it is put together from."""
