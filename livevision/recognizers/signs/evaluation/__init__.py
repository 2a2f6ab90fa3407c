"""How well signs are read."""
