"""What makes the models in `models/`: needs the `train` extra, and is never imported live."""
