"""Training on leaves."""
