"""A display for windows that tests show."""

import os
import shutil
import subprocess

import pytest


class Xvfb:
    """An X server whose screen nobody sees."""

    def __init__(self) -> None:
        if shutil.which("Xvfb") is None:
            pytest.skip("needs Xvfb (Debian: apt install xvfb)")
        reading, writing = os.pipe()
        self._process = subprocess.Popen(
            ["Xvfb", "-displayfd", str(writing), "-screen", "0", "1024x768x24", "-nolisten", "tcp"],
            pass_fds=[writing],
            stderr=subprocess.DEVNULL,
        )
        os.close(writing)
        with os.fdopen(reading) as answer:
            self.display = f":{answer.readline().strip()}"
        assert self.display != ":", "Xvfb does not start"

    def close(self) -> None:
        self._process.terminate()
        self._process.wait(10)
