"""What a learner can do before a camera."""
