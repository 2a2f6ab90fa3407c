"""Commands of faces."""
