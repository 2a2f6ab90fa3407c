"""How well pictures are segmented."""
