"""Reads American Sign Language fingerspelling and names faces, live or from recordings."""

__version__ = "0.1.0"
