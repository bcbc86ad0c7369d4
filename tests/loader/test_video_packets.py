"""The stored pictures of a film: decoded from each keyframe on they are the very frames, under their numbers."""

from __future__ import annotations

import struct
from fractions import Fraction
from pathlib import Path

import av
import numpy as np
import pytest

from paddlevideo.loader import video_packets
from paddlevideo.loader.video import VideoFrames

FRAMES, KEYS = 40, 12


def _write(path: Path, codec: str = "libx264", **options: str) -> Path:
    with av.open(str(path), "w") as container:
        stream = container.add_stream(codec, rate=25)
        stream.width, stream.height, stream.pix_fmt = 64, 48, "yuv420p"
        stream.options = {"g": str(KEYS), "bf": "3", "sc_threshold": "0", **options}
        for t in range(FRAMES):
            frame = av.VideoFrame.from_ndarray(np.full((48, 64, 3), 40 + 5 * t, np.uint8), format="rgb24")
            container.mux(stream.encode(frame))
        container.mux(stream.encode())
    return path


def _split(packets: bytes) -> list[tuple[int, bool, bytes]]:
    found, at = [], 0
    while at < len(packets):
        frame, key, size = struct.unpack_from("<III", packets, at)
        found.append((frame, bool(key), packets[at + 12 : at + 12 + size]))
        at += 12 + size
    return found


def _decoded(header: bytes, packets: list[tuple[int, bool, bytes]]) -> dict[int, np.ndarray]:
    decoder = av.CodecContext.create("h264", "r")
    decoder.extradata = header
    frames = []
    for number, _, data in packets:
        packet = av.Packet(data)
        packet.pts, packet.time_base = number, Fraction(1, 25)
        frames += decoder.decode(packet)
    frames += decoder.decode(None)
    return {frame.pts: frame.to_ndarray(format="rgb24") for frame in frames}


@pytest.mark.parametrize("frame", [0, 5, 13, 39])
def test_packets_are_the_frames_from_the_keyframe_before(tmp_path: Path, frame: int) -> None:
    film = VideoFrames(_write(tmp_path / "clip.mp4"))
    assert film.codec is not None and film.codec.name.startswith("avc1.") and len(film.codec.name) == 11
    packets = _split(film.packets(frame, least=3) or b"")
    start = frame // KEYS * KEYS
    assert packets[0][:2] == (start, True)
    numbers = sorted(number for number, _, _ in packets)
    assert numbers == list(range(start, min(FRAMES, start + KEYS)))
    assert [number for number, key, _ in packets if key] == [start]
    for number, picture in _decoded(film.codec.header, packets).items():
        assert np.array_equal(picture, film[number])


def test_more_groups_come_where_more_frames_are_wanted(tmp_path: Path) -> None:
    film = VideoFrames(_write(tmp_path / "clip.mp4"))
    packets = _split(film.packets(0, least=KEYS + 1) or b"")
    assert sorted(number for number, _, _ in packets) == list(range(2 * KEYS))


def test_other_films_are_left_to_pictures(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    assert VideoFrames(_write(tmp_path / "clip.avi", "mpeg4")).codec is None
    assert VideoFrames(_write(tmp_path / "clip.ts")).codec is None  # its header is in the packets
    film = VideoFrames(_write(tmp_path / "clip.mp4"))
    monkeypatch.setattr(video_packets, "MOST_BYTES", 10)
    assert film.packets(0, least=3) is None
