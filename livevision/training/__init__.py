"""What the trainings of several recognisers share."""
