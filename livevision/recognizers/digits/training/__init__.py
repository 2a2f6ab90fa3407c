"""Training on digits."""
