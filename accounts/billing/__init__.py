"""What usage costs: plans, rating, and the lines of an invoice. Values in, values out; no I/O and no clock."""
