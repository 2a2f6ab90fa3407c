"""The 21 joints of a hand as MediaPipe numbers them: the one place that knows."""

WRIST = 0
THUMB, INDEX, MIDDLE, RING, LITTLE = FINGERS = (
    (1, 2, 3, 4),
    (5, 6, 7, 8),
    (9, 10, 11, 12),
    (13, 14, 15, 16),
    (17, 18, 19, 20),
)
"""The joints of each finger, from the palm to the tip."""
KNUCKLES = tuple(finger[0] for finger in FINGERS[1:])
PALM = (WRIST, *KNUCKLES)
PARENTS = tuple(
    WRIST if joint == finger[0] else joint - 1 for finger in FINGERS for joint in finger
)
"""The joint at the near end of the bone whose far end is joint 1, 2, ... 20."""
CHAINS = (
    (WRIST, *THUMB),
    (WRIST, *INDEX),
    MIDDLE,
    RING,
    (WRIST, *LITTLE),
    KNUCKLES,
)
"""What is joined by lines where a hand is drawn."""
