"""Where things are in a picture: hands with their landmarks, faces."""
