"""Commands of signs."""

KEYS = {
    "q": "quit",
    "escape": "quit",
    " ": "pause",
    "tab": "skip",
    "t": "skip",
    "right": "skip",
    "backspace": "redo",
    "left": "redo",
    "m": "mirror",
    "+": "larger",
    "=": "larger",
    "-": "smaller",
    "h": "help",
}
"""What the keys do in the windows of lessons."""
