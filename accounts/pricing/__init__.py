"""Price plans, which account has which of them since when, and whom its invoices are addressed to."""
