"""Money beside usage: credits that are used up by invoices, and amounts that somebody puts on the next one."""
