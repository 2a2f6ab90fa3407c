"""Plays a sound with a player that the system has."""

import shutil
import subprocess
import sys
import tempfile
from pathlib import Path

from livevision.errors import OutputError

PLAYERS = (
    ("afplay",),
    ("pw-play",),
    ("paplay",),
    ("aplay", "-q"),
    ("ffplay", "-nodisp", "-autoexit", "-loglevel", "error"),
)
"""macOS, PipeWire, PulseAudio, ALSA, FFmpeg: the first one that is there."""
CURE = "install alsa-utils (aplay) or FFmpeg (ffplay)."


def player() -> tuple[str, ...] | None:
    """The command that plays a WAV file named after it; empty on Windows, None if there is none."""
    if sys.platform == "win32":
        return ()
    return next((each for each in PLAYERS if shutil.which(each[0])), None)


def play(content: bytes, command: tuple[str, ...]) -> None:
    """Play a WAV file's `content`, and wait until it is over. Raises OutputError."""
    if sys.platform == "win32":
        import winsound

        winsound.PlaySound(content, winsound.SND_MEMORY)
        return
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / "tune.wav"
        path.write_bytes(content)
        done = subprocess.run([*command, str(path)], capture_output=True, text=True, check=False)
    if done.returncode:
        told = (done.stderr or done.stdout).strip().splitlines()
        raise OutputError(
            f"{command[0]} cannot play: {told[-1] if told else f'exit code {done.returncode}'}. "
            "Check the sound device, or write --output tune.wav."
        )
