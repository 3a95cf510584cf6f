"""Who belongs to which account."""
