"""The grid over a straightened staff: a row a position (line or space), a column half a space wide.

Positions are counted in half spaces from the bottom line (0) upwards: 8 is the top line.
"""

SPACE = 8
"""Pixels between two staff lines of a straightened staff."""
CELL = 4
"""Pixels of a cell's side: half a space, so that a row is a pitch."""
HIGHEST, LOWEST = 20, -11
"""Positions of the first and last row: six ledger lines above, five and a half below."""
ROWS = HIGHEST - LOWEST + 1
HEIGHT = ROWS * CELL
"""Pixels."""
MOST_FLAGS = 4
MOST_DOTS = 2


def height_of(position: float) -> float:
    """y of a position's middle in a straightened staff, in pixels (continuous coordinates)."""
    return (HIGHEST - position) * CELL + CELL / 2
