"""Commands of signs."""
