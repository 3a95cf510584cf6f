"""Tests of Envoy in front of an application; that ends with the last of them."""
