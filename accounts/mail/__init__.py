"""E-mail: written in the transaction that it tells of, delivered afterwards."""
