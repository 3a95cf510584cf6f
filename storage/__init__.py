"""Tier 2: owns topics, numbers what is published and keeps its history."""
