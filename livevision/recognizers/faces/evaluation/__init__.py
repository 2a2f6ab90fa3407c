"""How well faces are named."""
