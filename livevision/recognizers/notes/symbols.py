"""What the network tells apart, in its order: a cell of a staff holds one of these or nothing."""

HEADS = ("filled", "half", "whole")
ACCIDENTALS = {"sharp": 1, "flat": -1, "natural": 0, "double sharp": 2, "double flat": -2}
RESTS = {"rest 1": 1, "rest 2": 2, "rest 4": 4, "rest 8": 8, "rest 16": 16, "rest 32": 32}
CLEFS = ("clef G", "clef F", "clef C")
METERS = tuple(f"meter {each}" for each in (*range(10), "C", "cut"))
SYMBOLS = ("", *HEADS, *ACCIDENTALS, *RESTS, *CLEFS, "bar", *METERS)
