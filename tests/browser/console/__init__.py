"""Tests of the console; their service ends with the last of them."""
