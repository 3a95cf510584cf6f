"""Links to storage nodes on other machines."""
