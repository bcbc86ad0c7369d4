"""Every way of reading a clip gives the frames of one plain decode, and broken ones say what is wrong."""

from __future__ import annotations

import logging
import shutil
import struct
from fractions import Fraction
from pathlib import Path

import av
import numpy as np
import pytest
from PIL import Image

from paddlevideo.loader.pictures import PictureFrames
from paddlevideo.loader.video import VideoFrames, open_frames
from paddlevideo.utils.errors import InputError

SIZE = (48, 64)
B_FRAMES = {"g": "8", "bf": "3", "x264-params": "scenecut=0:open-gop=1"}


def moving_pictures(count: int) -> list[np.ndarray]:
    rng = np.random.default_rng(3)
    ground = rng.integers(0, 256, (*SIZE, 3), dtype=np.uint8)
    return [np.roll(ground, 2 * step, axis=1) for step in range(count)]


def write_video(
    path: Path,
    count: int = 30,
    codec: str = "libx264",
    options: dict[str, str] | None = None,
    times: list[int] | None = None,
    muxing: dict[str, str] | None = None,
) -> Path:
    with av.open(str(path), "w", options=muxing or {}) as container:
        stream = container.add_stream(codec, rate=25)
        stream.height, stream.width = SIZE
        stream.pix_fmt = "yuv420p"
        stream.options = options or {}
        stream.codec_context.time_base = Fraction(1, 1000)
        for place, picture in enumerate(moving_pictures(count)):
            frame = av.VideoFrame.from_ndarray(picture, format="rgb24")
            frame.pts, frame.time_base = (times[place] if times else place * 40), Fraction(1, 1000)
            container.mux(stream.encode(frame))
        container.mux(stream.encode())
    return path


def decode_all(path: Path) -> list[np.ndarray]:
    with av.open(str(path)) as container:
        return [frame.to_ndarray(format="rgb24") for frame in container.decode(video=0)]


def assert_frame_exact(path: Path) -> VideoFrames:
    truth = decode_all(path)
    orders = {
        "onwards": list(range(len(truth))),
        "backwards": list(range(len(truth)))[::-1],
        "mixed": np.random.default_rng(0).permutation(len(truth)).tolist(),
    }
    for name, order in orders.items():
        source = open_frames(path)
        assert isinstance(source, VideoFrames)
        source._keep = 3  # so that most requests decode
        assert len(source) == len(truth)
        for index in order:
            assert np.array_equal(source[index], truth[index]), f"{name}: frame {index}"
        source.close()
    return open_frames(path)  # type: ignore[return-value]


@pytest.mark.parametrize(
    ("name", "codec", "options"),
    [
        ("plain.mp4", "libx264", {"g": "10", "bf": "0"}),
        ("b_frames.mp4", "libx264", B_FRAMES),
        ("b_frames.ts", "libx264", B_FRAMES),
        ("b_frames.mkv", "libx264", B_FRAMES),
        ("hevc.mp4", "libx265", {"x265-params": "keyint=8:bframes=3:open-gop=1:log-level=none"}),
        ("refresh.mkv", "libx264", {"g": "10", "x264-params": "intra-refresh=1"}),
        ("invisible.webm", "libvpx", {"g": "10", "auto-alt-ref": "1", "lag-in-frames": "8"}),
        ("old.avi", "mpeg4", {"g": "8", "bf": "2"}),
        ("stills.avi", "mjpeg", {"strict": "-1"}),
        ("no_times.h264", "libx264", {"g": "10", "bf": "2"}),
    ],
)
def test_frames_are_those_of_a_plain_decode(tmp_path: Path, name: str, codec: str, options: dict[str, str]) -> None:
    source = assert_frame_exact(write_video(tmp_path / name, codec=codec, options=options))
    assert source.size == SIZE
    assert source.names[:2] == ["00000", "00001"] and len(source.names) == len(source) == 30


def test_variable_rate(tmp_path: Path) -> None:
    steps = np.random.default_rng(1).choice([20, 40, 200], 30)
    times = np.cumsum(steps).tolist()
    source = assert_frame_exact(write_video(tmp_path / "v.mp4", options=B_FRAMES, times=times))
    assert source.rate == pytest.approx(30 / (sum(steps) / 1000), rel=0.2)


def test_reading_onwards_never_seeks_and_backwards_seldom(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    source = open_frames(write_video(tmp_path / "v.mp4", options=B_FRAMES))
    seeks: list[int] = []
    seek = VideoFrames._seek
    monkeypatch.setattr(VideoFrames, "_seek", lambda self, start: (seeks.append(start), seek(self, start))[1])
    list(source)
    assert seeks == [0]  # the opening
    source._cache.clear()  # type: ignore[attr-defined]
    for index in range(len(source) - 1, -1, -1):
        source[index]
    assert len(seeks) <= 1 + 4 + 1  # one a group of pictures


def test_rotation_is_applied(tmp_path: Path) -> None:
    path = write_video(tmp_path / "v.mp4", count=4)
    upright = decode_all(path)
    data = path.read_bytes()
    matrix = data.index(b"tkhd") + 4 + 40  # of a version-0 track header
    quarter_turn = struct.pack(">9i", 0, 1 << 16, 0, -(1 << 16), 0, 0, 0, 0, 1 << 30)  # what phones write: clockwise
    path.write_bytes(data[:matrix] + quarter_turn + data[matrix + 36 :])
    source = open_frames(path)
    assert source.size == SIZE[::-1]
    assert np.array_equal(source[2], np.rot90(upright[2], -1))


def test_index_is_a_sequence_and_frames_are_read_only(tmp_path: Path) -> None:
    source = open_frames(write_video(tmp_path / "v.mp4", count=5))
    assert np.array_equal(source[-1], source[4])
    with pytest.raises(IndexError):
        source[5]
    with pytest.raises(ValueError, match="read-only"):
        source[0][:] = 0


def test_a_video_that_breaks_off_is_read_as_far_as_it_goes(tmp_path: Path, caplog: pytest.LogCaptureFixture) -> None:
    path = write_video(tmp_path / "v.mp4", options={"g": "10", "bf": "0"}, muxing={"movflags": "faststart"})
    data = path.read_bytes()
    path.write_bytes(data[: len(data) * 2 // 3])
    with caplog.at_level(logging.WARNING):
        source = open_frames(path)
    assert 10 < len(source) < 30
    assert f"{len(source)} of 30 frames" in caplog.text
    whole = open_frames(write_video(tmp_path / "w.mp4", options={"g": "10", "bf": "0"}))
    assert np.array_equal(source[10], whole[10])
    assert len(list(source)) == len(source)


def test_damage_in_the_middle_costs_only_what_it_hit(tmp_path: Path) -> None:
    path = write_video(tmp_path / "v.ts", options={"g": "5", "bf": "0"})
    first = open_frames(path)[0]
    data = bytearray(path.read_bytes())
    middle = len(data) // 2 // 188 * 188  # whole transport packets go missing
    path.write_bytes(data[:middle] + data[middle + 188 * 8 :])
    source = open_frames(path)
    assert 20 <= len(source) <= 30
    assert len(list(source)) == len(source)
    assert np.array_equal(source[0], first)


@pytest.mark.parametrize("name", ["notes.mp4", "notes.txt", "empty.mp4", "no_index.mp4", "sound.wav"])
def test_broken_video(tmp_path: Path, name: str) -> None:
    path = tmp_path / name
    if name == "no_index.mp4":
        path.write_bytes(write_video(path).read_bytes()[:2000])
    elif name == "sound.wav":
        with av.open(str(path), "w") as container:
            stream = container.add_stream("pcm_s16le", rate=8000)
            frame = av.AudioFrame.from_ndarray(np.zeros((1, 800), np.int16), layout="mono")
            frame.rate = 8000
            container.mux(stream.encode(frame))
    else:
        path.write_text("" if name == "empty.mp4" else "no video\n" * 50)
    with pytest.raises(InputError) as caught:
        open_frames(path)
    assert str(path) in str(caught.value) and "\n" not in str(caught.value)


def test_missing_input(tmp_path: Path) -> None:
    for path in (tmp_path / "gone.mp4", tmp_path):
        with pytest.raises(InputError, match=r"no such file|no pictures"):
            open_frames(path)
    with pytest.raises(InputError, match="no pictures"):
        open_frames(str(tmp_path / "*.jpg"))


# ----------------------------------------------------------------------------------------------------- pictures


def write_picture(path: Path, value: int = 0, size: tuple[int, int] = SIZE) -> Path:
    Image.fromarray(np.full((*size, 3), value, np.uint8)).save(path)
    return path


def test_folder_in_natural_order(tmp_path: Path) -> None:
    for number in (10, 9, 1, 2):
        write_picture(tmp_path / f"frame{number}.png", number)
    (tmp_path / "notes.txt").write_text("not a picture")
    (tmp_path / ".hidden.png").write_bytes(b"")
    for path in (tmp_path, str(tmp_path / "frame*.png")):
        source = open_frames(path)
        assert source.names == ["frame1", "frame2", "frame9", "frame10"]
        assert [int(frame[0, 0, 0]) for frame in source] == [1, 2, 9, 10]
        assert source.size == SIZE and source.rate == 25.0


def test_one_picture_is_a_clip_of_one(tmp_path: Path) -> None:
    assert len(open_frames(write_picture(tmp_path / "a.png"))) == 1


def test_kinds_of_pictures(tmp_path: Path) -> None:
    grey = np.arange(SIZE[0] * SIZE[1], dtype=np.uint16).reshape(SIZE) * 21
    eight = (grey // 257).astype(np.uint8)
    Image.fromarray(eight).save(tmp_path / "0.png")
    Image.fromarray(grey).save(tmp_path / "1.png")
    Image.fromarray(eight).convert("LA").save(tmp_path / "2.png")
    Image.fromarray(eight).convert("RGBA").save(tmp_path / "3.png")
    Image.fromarray(eight).convert("P").save(tmp_path / "4.png")
    for picture in open_frames(tmp_path):
        assert picture.dtype == np.uint8 and picture.flags.c_contiguous
        assert np.array_equal(picture, np.repeat(eight[..., None], 3, 2))


def test_exif_orientation(tmp_path: Path) -> None:
    exif = Image.Exif()
    exif[274] = 6
    picture = moving_pictures(1)[0]
    Image.fromarray(picture).save(tmp_path / "a.png", exif=exif)
    source = open_frames(tmp_path)
    assert source.size == SIZE[::-1]
    assert np.array_equal(source[0], np.rot90(picture, -1))


def test_mixed_sizes_name_the_first_that_differs(tmp_path: Path) -> None:
    for name, size in (("1", SIZE), ("2", SIZE), ("3", (20, 30)), ("4", (9, 9))):
        write_picture(tmp_path / f"{name}.png", size=size)
    with pytest.raises(InputError, match=r"3\.png: 30x20, but 1\.png is 64x48"):
        open_frames(tmp_path)


def test_broken_pictures(tmp_path: Path) -> None:
    Image.fromarray(moving_pictures(1)[0]).save(tmp_path / "1.jpg")
    (tmp_path / "2.jpg").write_bytes(b"nothing")
    with pytest.raises(InputError, match=r"2\.jpg: not a readable picture"):
        open_frames(tmp_path)
    whole = (tmp_path / "1.jpg").read_bytes()
    (tmp_path / "2.jpg").write_bytes(whole[: len(whole) // 2])
    source = open_frames(tmp_path)
    with pytest.raises(InputError, match=r"2\.jpg: broken picture"):
        source[1]


def test_two_pictures_with_one_mask_name(tmp_path: Path) -> None:
    write_picture(tmp_path / "1.png")
    shutil.copy(tmp_path / "1.png", tmp_path / "1.bmp")
    with pytest.raises(InputError, match=r"both be called 1\.png"):
        open_frames(tmp_path)


def test_pictures_are_sorted_the_same_from_any_listing(tmp_path: Path) -> None:
    files = [write_picture(tmp_path / name) for name in ("a1.png", "a01.png", "b.png", "10.png", "9.png")]
    assert PictureFrames("x", files).names == PictureFrames("x", files[::-1]).names
