"""Sound beside pictures that are written anew."""

from __future__ import annotations

import logging
from fractions import Fraction
from pathlib import Path

import av
import numpy as np
import pytest
from av.stream import Disposition
from PIL import Image

from paddlevideo.loader.video import open_frames
from paddlevideo.writers.video import Look, VideoWriter

PICTURE = np.full((48, 64, 3), 100, np.uint8)
SECONDS, CLICK = 3.0, 1.0


def film(path: Path, codec: str, late: float = 0.0, rate: int = 44100, thumbnail: bool = False) -> Path:
    """Two seconds of pictures, 10 a second, which begin ``late``, and three of sound, with a click 1 s after them.

    A ``thumbnail`` is a stream before the pictures', of one large picture at 0 s, which players are told to show.
    """
    with av.open(str(path), "w") as container:
        if thumbnail:
            small = container.add_stream("mjpeg", rate=10)
            small.width, small.height, small.pix_fmt = 640, 480, "yuvj420p"
            small.disposition = Disposition.default.value
        video = container.add_stream("libx264", rate=10)
        video.width, video.height, video.pix_fmt = 64, 48, "yuv420p"
        sound = container.add_stream(codec, rate=rate)
        sound.layout = "mono"
        if thumbnail:
            video.disposition = 0
            shown = av.VideoFrame.from_ndarray(np.full((480, 640, 3), 90, np.uint8))
            shown.pts, shown.time_base = 0, Fraction(1, 10)
            container.mux([*small.encode(shown), *small.encode()])
        for index in range(20):
            frame = av.VideoFrame.from_ndarray(PICTURE)
            frame.pts, frame.time_base = index + round(late * 10), Fraction(1, 10)
            container.mux(video.encode(frame))
        container.mux(video.encode())
        time = np.arange(int(SECONDS * rate)) / rate
        wave = np.where(abs(time - late - CLICK) < 0.02, 0.8 * np.sin(12000 * time), 0).astype(np.float32)
        for start in range(0, len(wave), 1024):
            heard = av.AudioFrame.from_ndarray(wave[None, start : start + 1024], format="fltp", layout="mono")
            heard.sample_rate, heard.pts, heard.time_base = rate, start, Fraction(1, rate)
            container.mux(sound.encode(heard))
        container.mux(sound.encode())
    return path


def overlay(path: Path, source: Path, pictures: int = 20) -> Path:
    with VideoWriter(path, 10, (48, 64), Look(sound=source)) as writer:
        for _ in range(pictures):
            writer.write(PICTURE)
    return path


def heard(path: Path) -> tuple[str, float, float]:
    """Return the codec, the length and when the click is heard, in seconds from the first picture."""
    with av.open(str(path)) as container:
        stream, picture = container.streams.audio[0], container.streams.video[0]
        frames = list(container.decode(stream))
        wave = np.concatenate([frame.to_ndarray().reshape(len(frame.layout.channels), -1)[0] for frame in frames])
        loud = np.flatnonzero(abs(wave) > 0.3 * abs(wave).max())[0]
        first = frames[0].time - float(picture.start_time * picture.time_base)
        name = stream.codec_context.codec.canonical_name
        return name, len(wave) / stream.rate, first + loud / stream.rate


@pytest.mark.parametrize(
    ("name", "codec", "written"),
    [
        ("a.mp4", "aac", "aac"),
        ("a.ts", "aac", "aac"),
        ("a.mkv", "flac", "flac"),
        ("a.avi", "libmp3lame", "mp3"),
        ("a.mov", "pcm_s16le", "aac"),
        ("b.mkv", "mp2", "aac"),
    ],
)
@pytest.mark.parametrize("late", [0.0, 0.5])
def test_sound_keeps_its_place(name: str, codec: str, written: str, late: float, tmp_path: Path) -> None:
    source = film(tmp_path / name, codec, late if name != "a.avi" else 0.0)
    found, length, click = heard(overlay(tmp_path / "o.mp4", source))
    assert found == written
    assert click == pytest.approx(CLICK - 0.02, abs=0.04)
    assert length == pytest.approx(2.0, abs=0.1)  # no longer than the pictures
    with av.open(str(tmp_path / "o.mp4")) as container:
        assert len([frame for frame in container.decode(video=0)]) == 20


def test_packets_are_copied_as_they_are(tmp_path: Path) -> None:
    source = film(tmp_path / "a.mp4", "aac")
    packets = []
    for path in (source, overlay(tmp_path / "o.mp4", source)):
        with av.open(str(path)) as container:
            packets.append([bytes(packet) for packet in container.demux(audio=0) if packet.size])
    assert packets[1] == packets[0][: len(packets[1])] and len(packets[1]) > 80


def test_the_place_is_that_of_the_film_not_of_its_thumbnail(tmp_path: Path) -> None:
    source = film(tmp_path / "a.mp4", "aac", 0.5, thumbnail=True)
    assert len(open_frames(source)) == 20
    assert heard(overlay(tmp_path / "o.mp4", source))[2] == pytest.approx(CLICK - 0.02, abs=0.04)


def test_a_rate_that_aac_does_not_have(tmp_path: Path) -> None:
    source = film(tmp_path / "a.mkv", "pcm_s16le", rate=11000)
    found, length, click = heard(overlay(tmp_path / "o.mp4", source))
    assert (found, length) == ("aac", pytest.approx(2.0, abs=0.1)) and click == pytest.approx(CLICK, abs=0.05)


def test_pictures_stay_where_sound_is_missing_or_broken(tmp_path: Path, caplog: pytest.LogCaptureFixture) -> None:
    silent, broken = tmp_path / "silent.mp4", tmp_path / "broken.mp4"
    with VideoWriter(silent, 10, (48, 64)) as writer:
        writer.write(PICTURE)
    broken.write_bytes(b"no film at all" * 99)
    with caplog.at_level(logging.WARNING):
        plain = overlay(tmp_path / "o.mp4", silent)
        Image.fromarray(PICTURE).save(tmp_path / "stack.tif", save_all=True, append_images=[Image.fromarray(PICTURE)])
        assert overlay(tmp_path / "s.mp4", tmp_path / "stack.tif").read_bytes() == plain.read_bytes()
        assert not caplog.records
        assert overlay(tmp_path / "p.mp4", broken).read_bytes() == plain.read_bytes()
    assert "broken.mp4: the sound cannot be read on" in caplog.text
    with av.open(str(plain)) as container:
        assert not container.streams.audio and container.streams.video[0].frames == 20
