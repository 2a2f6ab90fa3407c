"""Measurements of how well leaves are named."""
