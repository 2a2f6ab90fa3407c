"""HEIC pictures for tests: one frame of H.265 in the boxes of ISO/IEC 23008-12."""

import struct
from fractions import Fraction

import av

from livevision.frame import Image


def heic(image: Image, *, turn: int = 0) -> bytes:
    """The picture (BGR, even sides) as HEIC, to be turned anticlockwise by `turn` times 90."""
    height, width = image.shape[:2]
    config, sample = _encoded(image)
    properties = [
        _box(b"hvcC", config),
        _full(b"ispe", struct.pack(">II", width, height)),
        _box(b"irot", bytes([turn])),
    ]
    wanted = bytes([0x80 | 1, 2, 3])
    head = _box(b"ftyp", b"heic" + bytes(4) + b"mif1heic")

    def meta(offset: int) -> bytes:
        place = struct.pack(">BBHHHHII", 0x44, 0, 1, 1, 0, 1, offset, len(sample))
        entry = _full(b"infe", struct.pack(">HH", 1, 0) + b"hvc1\0", version=2)
        return _full(
            b"meta",
            _full(b"hdlr", bytes(4) + b"pict" + bytes(13))
            + _full(b"pitm", struct.pack(">H", 1))
            + _full(b"iloc", place)
            + _full(b"iinf", struct.pack(">H", 1) + entry)
            + _box(
                b"iprp",
                _box(b"ipco", b"".join(properties))
                + _full(b"ipma", struct.pack(">IHB", 1, 1, len(wanted)) + wanted),
            ),
        )

    return head + meta(len(head) + len(meta(0)) + 8) + _box(b"mdat", sample)


def _encoded(image: Image) -> tuple[bytes, bytes]:
    """The decoder's configuration (hvcC), and the picture, as H.265."""
    context = av.CodecContext.create("libx265", "w")
    context.options = {"x265-params": "log-level=none:info=0", "crf": "4"}
    context.width, context.height = image.shape[1], image.shape[0]
    context.pix_fmt = "yuv420p"
    context.framerate = Fraction(1)
    frame = av.VideoFrame.from_ndarray(image, format="bgr24")
    stream = b"".join(bytes(each) for each in (*context.encode(frame), *context.encode(None)))
    units = [unit for unit in stream.replace(b"\0\0\0\1", b"\0\0\1").split(b"\0\0\1") if unit]
    sets = [unit for unit in units if unit[0] >> 1 in (32, 33, 34)]
    slices = [unit for unit in units if unit[0] >> 1 < 32]
    (sequence,) = (unit for unit in sets if unit[0] >> 1 == 33)
    profile = sequence.replace(b"\0\0\3", b"\0\0")[3:15]
    config = bytes([1]) + profile + bytes.fromhex("f000 fc fd f8 f8 0000 0f") + bytes([len(sets)])
    for each in sets:
        config += bytes([0x80 | each[0] >> 1]) + struct.pack(">HH", 1, len(each)) + each
    return config, b"".join(struct.pack(">I", len(unit)) + unit for unit in slices)


def _box(kind: bytes, content: bytes) -> bytes:
    return struct.pack(">I", 8 + len(content)) + kind + content


def _full(kind: bytes, content: bytes, *, version: int = 0) -> bytes:
    return _box(kind, bytes([version, 0, 0, 0]) + content)
