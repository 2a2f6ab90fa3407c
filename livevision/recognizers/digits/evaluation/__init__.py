"""Measurements of how well numbers are read."""
