"""Clips put together by us: pages and leaves, moved and tilted before a background."""
