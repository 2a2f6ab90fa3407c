"""How well objects are found and named."""
