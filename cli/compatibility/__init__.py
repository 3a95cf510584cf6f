"""`tidings doctor --compat`: tries any deployment against the contract of the published SDKs."""
