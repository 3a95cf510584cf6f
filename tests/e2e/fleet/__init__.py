"""Tests of a fleet of processes; its fleets end with the last of them."""
