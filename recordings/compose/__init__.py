"""Clips put together by us: things that are flat, moved and tilted before a background."""
