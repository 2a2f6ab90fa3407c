"""Is a video file whole? What its size and its last bytes tell, where FFmpeg reads on silently."""

from collections.abc import Collection
from pathlib import Path

_HEAD = 1 << 16
"""Bytes at the start of a file that hold what its header says of its size."""
_TAIL = 1 << 18
"""Bytes at the end of a program stream among which its last pack begins."""
_GIF_TAIL = 4096
"""Bytes at the end of a GIF among which its last mark is looked for; some are filled up with 0."""
_BEGUN = (b"\0", b"\0\0", b"\0\0\1")
"""A program stream's next packet, cut off in its first bytes."""
_ASF_PROPERTIES = bytes.fromhex("a1dcab8c47a9cf118ee400c00c205365")
_ASF_BROADCAST = 1
"""The flag of a file written as it came in, which knows no size."""
_ASF_PART = 0.95
"""FFmpeg believes the length that an ASF file announces if this part of the file is there."""
_RIFF_UNKNOWN = (0, 0xFFFFFFFF)
_RIFFS = 10_000
"""More than any AVI has."""
_TS_SIZE = 188
_TS_SIZES = (188, 192, 204)
"""Bytes from one packet of a transport stream to the next; with a time before each as cameras and
Blu-rays have it, or a checksum after each."""
_TS_SYNC = 0x47
_TS_SEEN = 5
"""So many packets in a row are no chance."""
_TS_PAYLOAD = 0x10
_SEGMENT = bytes.fromhex("18538067")


def ends_well(path: Path, kind: str, tracks: Collection[int] = ()) -> bool:
    """False if the file is cut off; `kind` is what FFmpeg calls its container.

    `tracks` are the ids of its streams, in a transport stream their PIDs.

    True also where nobody can tell: bare pictures without a container, files written as they came
    in (a pipe, a broadcast), a program or transport stream of MPEG cut between two packets; and
    for kinds whose length FFmpeg itself makes known.
    """
    size = path.stat().st_size
    if "matroska" in kind:
        return size >= _segment_end(_part(path, 0, _HEAD))
    if kind == "avi":
        return _riffs_are_whole(path, size)
    if kind == "asf":
        return size >= _ASF_PART * _asf_size(_part(path, 0, _HEAD))
    if kind == "flv":
        return _last_tag_is_whole(path, size)
    if kind == "mpeg":
        return _last_pack_is_whole(_part(path, size - _TAIL))
    if kind == "mpegts":
        return _last_packet_is_whole(path, size, tracks)
    if kind == "gif":
        return _part(path, size - _GIF_TAIL).rstrip(b"\0").endswith(b";")
    return True


def _part(path: Path, start: int, count: int = -1) -> bytes:
    with path.open("rb") as file:
        file.seek(max(0, start))
        return file.read(count)


def _segment_end(head: bytes) -> int:
    """Where the Segment of a Matroska file ends (RFC 8794 section 6); 0 if it does not say."""
    start = head.find(_SEGMENT) + len(_SEGMENT)
    if start < len(_SEGMENT) or not head[start : start + 1]:
        return 0
    width = 9 - head[start].bit_length()
    unknown = (1 << 7 * width) - 1
    length = int.from_bytes(head[start : start + width]) & unknown
    return 0 if length == unknown else start + width + length


def _riffs_are_whole(path: Path, size: int) -> bool:
    """True if an AVI's RIFF chunks, one for each gigabyte, are as long as they say."""
    at = 0
    for _ in range(_RIFFS):
        head = _part(path, at, 8)
        length = int.from_bytes(head[4:], "little")
        if head[:4] != b"RIFF" or length in _RIFF_UNKNOWN:
            break
        at += 8 + length
    return at <= size


def _asf_size(head: bytes) -> int:
    """Bytes of the whole file by its File Properties Object (ASF 3.2); 0 if it does not say."""
    at = head.find(_ASF_PROPERTIES)
    if at < 0 or not head[at + 88 : at + 89] or head[at + 88] & _ASF_BROADCAST:
        return 0
    return int.from_bytes(head[at + 40 : at + 48], "little")


def _last_tag_is_whole(path: Path, size: int) -> bool:
    """True if a Flash video ends with the length of its last tag (FLV 10.1, annex E.3)."""
    length = int.from_bytes(_part(path, size - 4))
    tag = _part(path, size - 4 - length, 4)
    return length == 11 + int.from_bytes(tag[1:])


def _last_packet_is_whole(path: Path, size: int, tracks: Collection[int]) -> bool:
    """False if a transport stream ends within a packet of one of `tracks` (ISO/IEC 13818-1, 2.4.3).

    Recordings of a broadcast may end within any other: of that nothing is seen or heard.
    """
    head = _part(path, 0, _HEAD)
    for step in _TS_SIZES:
        for at in range(min(step, len(head) - step * (_TS_SEEN - 1))):
            if all(head[at + step * number] == _TS_SYNC for number in range(_TS_SEEN)):
                left = (size - at) % step
                last = _part(path, size - left - step, step + left)
                if not 4 <= left < _TS_SIZE or not last[0] == last[step] == _TS_SYNC:
                    return True  # whole, or nobody can tell
                packet = last[step:]
                track = int.from_bytes(packet[1:3]) & 0x1FFF
                return not (packet[3] & _TS_PAYLOAD and track in tracks)
    return True


def _last_pack_is_whole(data: bytes) -> bool:
    """True if the last pack's packets are as long as they say (ISO/IEC 13818-1, 2.5.3)."""
    at = data.rfind(b"\0\0\1\xba")
    if at < 0:
        return True
    pack = data[at:]
    at = 12  # MPEG-1
    if len(pack) > 13 and pack[4] >> 6 == 1:  # MPEG-2
        at = 14 + (pack[13] & 7)
    while pack[at : at + 3] == b"\0\0\1" and pack[at + 3 : at + 4] != b"\xb9":
        at += 6 + int.from_bytes(pack[at + 4 : at + 6])
    return at <= len(pack) and pack[at:] not in _BEGUN
