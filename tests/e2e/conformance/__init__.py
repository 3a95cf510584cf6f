"""Tests of the contract that the SDKs rely on."""
