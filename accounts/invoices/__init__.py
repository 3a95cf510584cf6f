"""Invoices: made when a month is over, numbered without a gap, and never changed after that."""
