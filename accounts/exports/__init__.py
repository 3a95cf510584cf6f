"""Usage and charges as files, for those who reckon with them elsewhere."""
