"""The picture as a camera for other programs: by the same muxer's path into a plain file."""

from pathlib import Path

import numpy as np
import pytest

from livevision.errors import OutputError
from livevision.frame import Frame, Image, Result
from livevision.pictures import fitted
from livevision.sinks.virtual_camera import VirtualCamera


def result(index: int, image: Image) -> Result:
    return Result(Frame(image, index, index / 30))


def test_every_picture_is_written_in_the_size_of_the_first(tmp_path: Path) -> None:
    path = tmp_path / "camera.yuv"
    small = np.full((240, 320, 3), 200, np.uint8)
    large = np.full((480, 480, 3), 200, np.uint8)
    with VirtualCamera(path, lambda result: result.frame.image, form="rawvideo") as camera:
        for index, image in enumerate((small, large, small)):
            camera.write(result(index, image))
    frames = np.fromfile(path, np.uint8).reshape(3, 240 * 3 // 2, 320)
    light = frames[:, :240]
    assert abs(int(light[0].mean()) - int(light[2].mean())) <= 1
    assert light[1, :, 160].min() > 150
    assert light[1, :, :20].max() < 40  # beside a square picture it is black


def test_odd_sizes_lose_a_line() -> None:
    assert fitted(np.zeros((31, 41, 3), np.uint8), (40, 30)).shape == (30, 40, 3)


@pytest.mark.parametrize("name", ["/dev/video987", "/tmp/video"])
def test_what_is_no_device_gets_the_line_that_makes_one(name: str) -> None:
    with (
        pytest.raises(OutputError, match=r"modprobe v4l2loopback|Name one like"),
        VirtualCamera(Path(name), lambda result: result.frame.image),
    ):
        pass
