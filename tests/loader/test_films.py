"""Films as cameras and people leave them: thumbnails, covers, edit lists, variable rate, damage, odd names."""

from __future__ import annotations

import logging
import struct
from collections.abc import Callable, Sequence
from fractions import Fraction
from pathlib import Path

import av
import numpy as np
import pytest
from av.stream import Disposition

from paddlevideo.loader.frame_source import FrameSource
from paddlevideo.loader.video import announced, open_frames
from paddlevideo.utils.errors import InputError

from .drawn import SIZE, picture, save, save_film

NEAR = 12.0  # mean difference of a decoded frame and its drawing; of neighbours it is larger


def shown(frames: FrameSource) -> list[int]:
    """Which drawn frame each frame of a film is."""
    drawn = np.stack([picture(frame) for frame in range(24)]).astype(np.int16)
    return [int(np.abs(drawn - frame.astype(np.int16)).mean(axis=(1, 2, 3)).argmin()) for frame in frames]


def join(path: Path, parts: Sequence[tuple[Path, Disposition]], shift: float = 0.0, sound: bool = False) -> Path:
    """Copy the film of each file into one, as a stream each; ``shift`` moves all to earlier."""
    with av.open(str(path), "w") as out:
        opened = [av.open(str(file)) for file, _ in parts]
        streams = [out.add_stream_from_template(each.streams.video[0]) for each in opened]
        for (_, disposition), stream in zip(parts, streams, strict=True):
            stream.disposition = disposition.value  # before the header is written
        if sound:
            audio = out.add_stream("aac" if path.suffix == ".mp4" else "libmp3lame", rate=44100)
            for _ in range(4):
                frame = av.AudioFrame.from_ndarray(np.zeros((1, 1152), np.float32), layout="mono", format="fltp")
                frame.rate = 44100
                out.mux(audio.encode(frame))
            out.mux(audio.encode())
        for each, stream in zip(opened, streams, strict=True):
            for packet in each.demux(video=0):
                if packet.dts is not None:
                    ticks = int(shift / packet.time_base)
                    packet.pts, packet.dts, packet.stream = packet.pts - ticks, packet.dts - ticks, stream
                    out.mux(packet)
    for each in opened:
        each.close()
    return path


@pytest.fixture
def film(tmp_path: Path) -> Path:
    return save_film(tmp_path / "film.mp4", 24, options={"crf": "12", "g": "24", "bf": "2"})


@pytest.fixture
def thumbnail(tmp_path: Path) -> Path:
    return save_film(tmp_path / "thumb.mp4", 1, codec="mjpeg", pixels="yuvj420p")


def test_the_film_is_the_stream_with_the_most_pictures(
    film: Path, thumbnail: Path, tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    none = Disposition(0)
    path = join(tmp_path / "drone.mp4", [(thumbnail, none), (film, none)])
    with caplog.at_level(logging.WARNING):
        frames = open_frames(path)
    assert shown(frames) == list(range(24)) and "stream 1 is the film" in caplog.text
    covered = open_frames(
        join(tmp_path / "c.mp4", [(film, Disposition.default), (thumbnail, Disposition.attached_pic)])
    )
    assert len(covered) == 24 and not covered.notices


def test_sound_with_a_cover_is_no_film(thumbnail: Path, tmp_path: Path) -> None:
    song = join(tmp_path / "song.mp3", [(thumbnail, Disposition.attached_pic)], sound=True)
    with pytest.raises(InputError, match="nothing but sound and its cover"):
        open_frames(song)


def test_a_trimmed_film_is_whole(film: Path, tmp_path: Path, caplog: pytest.LogCaptureFixture) -> None:
    path = join(tmp_path / "trimmed.mp4", [(film, Disposition.default)], shift=1.0)
    with caplog.at_level(logging.WARNING):
        frames = open_frames(path)
    assert shown(frames) == list(range(10, 24)) and caplog.text == ""
    assert np.array_equal(frames[3], open_frames(film)[13])


@pytest.mark.parametrize("suffix", ["mp4", "mkv"])
def test_times_and_pixels_of_another_shape_are_kept(tmp_path: Path, suffix: str) -> None:
    times = [0, 100, 200, 2000, 2033, 2066]
    frames = open_frames(save_film(tmp_path / f"v.{suffix}", 6, times=times, aspect=Fraction(4, 3)))
    assert frames.times == pytest.approx([time / 1000 for time in times], abs=0.002)
    assert frames.pixel_aspect == Fraction(4, 3) and frames.size == SIZE
    plain = open_frames(save_film(tmp_path / "p.mp4", 6))
    assert plain.pixel_aspect == 1 and plain.times == pytest.approx([0.1 * frame for frame in range(6)])


def test_a_film_that_repeats_pictures_is_whole(tmp_path: Path, caplog: pytest.LogCaptureFixture) -> None:
    path = save_film(tmp_path / "v.avi", 24, "mjpeg", "yuvj420p", {"qmin": "2", "qmax": "3"}, range(0, 4800, 200))
    with caplog.at_level(logging.WARNING):
        assert shown(open_frames(path)) == list(range(24)) and caplog.text == ""
    path.write_bytes(path.read_bytes()[: path.stat().st_size // 5])  # its index is long
    with caplog.at_level(logging.WARNING):
        assert 6 < len(open_frames(path)) < 20 and "damaged" in caplog.text


def damage(path: Path, spoiled: range) -> Path:
    """Overwrite the packets of some frames."""
    with av.open(str(path)) as container:
        spans = [(packet.pos, packet.size) for packet in container.demux(video=0) if packet.size]
    data = bytearray(path.read_bytes())
    for frame in spoiled:
        start, size = spans[frame]
        data[start + 5 : start + size] = (b"\0" if path.suffix == ".avi" else b"\xff") * (size - 5)
    path.write_bytes(data)
    return path


@pytest.mark.parametrize(("name", "codec", "pixels"), [("v.mp4", "libx264", "yuv420p"), ("v.avi", "mjpeg", "yuvj420p")])
def test_frames_keep_their_numbers_past_damage(tmp_path: Path, name: str, codec: str, pixels: str) -> None:
    options = {"crf": "12", "g": "6", "bf": "0"} if codec == "libx264" else {"qmin": "2", "qmax": "3"}
    path = damage(save_film(tmp_path / name, 24, codec, pixels, options), range(8, 11))
    strict = open_frames(path)
    with pytest.raises(InputError, match="frame 9 cannot be decoded"):
        strict[9]
    assert [shown([strict[frame]])[0] for frame in (12, 23, 7, 13, 0)] == [12, 23, 7, 13, 0]  # type: ignore[arg-type]
    lenient = open_frames(path, lenient=True)
    found = shown(lenient)
    assert sorted(lenient.unreadable) == [8, 9, 10] and found[8] == 7
    assert [*found[:8], *found[12:]] == [*range(8), *range(12, 24)]
    assert "00008, 00009, 00010" in lenient.notices.lines()[0]
    doubtful = [line.endswith("wrong: 00011") for line in lenient.notices.lines()[1:]]  # it leans on the one before
    assert doubtful == ([True] if codec == "libx264" else [])


def test_damage_at_the_end_is_found_when_the_film_is_opened(tmp_path: Path) -> None:
    path = save_film(tmp_path / "v.mp4", 24, options={"crf": "12", "g": "6", "bf": "0"})
    frames = open_frames(damage(path, range(20, 22)))
    assert len(frames) == 24 and sorted(frames.unreadable) == [20, 21]
    assert shown(frames)[:20] == list(range(20)) and np.array_equal(frames[20], frames[19])


@pytest.mark.parametrize("suffix", ["mp4", "mkv"])
@pytest.mark.parametrize(("spoiled", "lost"), [(range(2), range(6)), (range(21, 24), range(21, 24))])
def test_frames_keep_their_numbers_where_a_film_begins_or_ends_with_damage(
    tmp_path: Path, suffix: str, spoiled: range, lost: range
) -> None:
    path = save_film(tmp_path / f"v.{suffix}", 24, options={"crf": "12", "g": "6", "bf": "0"})
    frames = open_frames(damage(path, spoiled))
    assert len(frames) == 24 and sorted(frames.unreadable) == list(lost)
    whole = [frame for frame in range(24) if frame not in lost]
    assert shown([frames[frame] for frame in whole]) == whole  # type: ignore[arg-type]


def test_a_film_that_breaks_off_is_told_where_no_header_counts_frames(
    tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    path = save_film(tmp_path / "v.mkv", 24, options={"crf": "12", "g": "6", "bf": "0"})
    with caplog.at_level(logging.WARNING):
        assert len(open_frames(path)) == 24 and caplog.text == ""
    data = path.read_bytes()
    with av.open(str(path)) as container:
        end = [packet.pos for packet in container.demux(video=0) if packet.size][12]
    path.write_bytes(data[:end])
    with caplog.at_level(logging.WARNING):
        assert len(open_frames(path)) == 12
    assert "it should last 2.4 s, its pictures end at 1.2 s" in caplog.text


def test_numbers_hold_where_half_a_film_is_lost(tmp_path: Path) -> None:
    path = damage(save_film(tmp_path / "v.mp4", 24, options={"crf": "12", "g": "12", "bf": "0"}), range(1))
    frames = open_frames(path)
    assert len(frames) == 24 and sorted(frames.unreadable) == list(range(12))
    assert shown([frames[frame] for frame in range(12, 24)]) == list(range(12, 24))  # type: ignore[arg-type]


def test_good_frames_beside_the_damage_are_read(tmp_path: Path) -> None:
    path = save_film(tmp_path / "v.mkv", 24, options={"crf": "12", "g": "24", "bf": "0"})
    frames = open_frames(damage(path, range(22, 24)))
    assert sorted(frames.unreadable) == [22, 23] and shown(frames)[:22] == list(range(22))


def test_a_film_that_breaks_off_within_a_picture_is_read(tmp_path: Path, caplog: pytest.LogCaptureFixture) -> None:
    path = save_film(tmp_path / "v.mkv", 24, options={"crf": "12", "g": "6", "bf": "0"})
    with av.open(str(path)) as container:
        end = [packet.pos for packet in container.demux(video=0) if packet.size][12]
    path.write_bytes(path.read_bytes()[: end + 300])
    with caplog.at_level(logging.WARNING):
        assert 12 <= len(open_frames(path)) <= 13
    assert "it should last 2.4 s" in caplog.text


def test_a_last_picture_may_be_shown_for_long(tmp_path: Path, caplog: pytest.LogCaptureFixture) -> None:
    path = tmp_path / "v.mkv"
    with av.open(str(path), "w") as out, av.open(str(save_film(tmp_path / "w.mkv", 6))) as film:
        stream = out.add_stream_from_template(film.streams.video[0])
        packets = [packet for packet in film.demux(video=0) if packet.size]
        packets[-1].duration = 5000
        for packet in packets:
            packet.stream = stream
            out.mux(packet)
    with caplog.at_level(logging.WARNING):
        assert len(open_frames(path)) == 6 and caplog.text == ""


def test_a_broadcast_begins_with_its_first_keyframe(tmp_path: Path, caplog: pytest.LogCaptureFixture) -> None:
    path = save_film(tmp_path / "v.ts", 24, options={"crf": "12", "g": "6", "bf": "0"})
    data = path.read_bytes()
    with av.open(str(path)) as container:
        start = [packet.pos for packet in container.demux(video=0) if packet.size][3]
    tables = data[: 188 * 3]  # what streams there are
    path.write_bytes(tables + data[start // 188 * 188 :])
    with caplog.at_level(logging.WARNING):
        frames = open_frames(path)
    assert shown(frames) == list(range(6, 24)) and not frames.unreadable and caplog.text == ""


@pytest.mark.parametrize(
    ("matrix", "displayed"),
    [
        ((-1, 0, 0, 1), lambda picture: picture[:, ::-1]),
        ((1, 0, 0, -1), lambda picture: picture[::-1]),
        ((0, -1, -1, 0), lambda picture: np.rot90(picture)[:, ::-1]),
        ((0, 1, 1, 0), lambda picture: np.rot90(picture, -1)[:, ::-1]),
    ],
)
def test_mirrored_films_are_shown_as_players_do(
    tmp_path: Path, matrix: tuple[int, ...], displayed: Callable[[np.ndarray], np.ndarray]
) -> None:
    path = save_film(tmp_path / "v.mp4", 3)
    plain = open_frames(path)[1]
    found = open_frames(with_matrix(path, *matrix))
    assert found.size == displayed(plain).shape[:2] and np.array_equal(found[1], displayed(plain))
    assert found.codec is None  # a browser would show the pictures as they are stored


def test_a_turn_that_is_no_quarter_turn_is_refused(tmp_path: Path) -> None:
    path = with_matrix(save_film(tmp_path / "v.mp4", 3), 0.866, 0.5, -0.5, 0.866)
    with pytest.raises(InputError, match=r"v\.mp4: asks to be shown turned by -30 degrees; re-encode"):
        open_frames(path)


def with_matrix(path: Path, a: float, b: float, c: float, d: float) -> Path:
    """Give a film a display matrix."""
    data = path.read_bytes()
    place = data.index(b"tkhd") + 4 + 40  # of a version-0 track header
    numbers = [round(each * (1 << 16)) for each in (a, b, 0, c, d, 0, 0, 0)]
    path.write_bytes(data[:place] + struct.pack(">9i", *numbers, 1 << 30) + data[place + 36 :])
    return path


@pytest.mark.parametrize(
    "name", ["10:30.mp4", "a:b.mp4", "my clip (1) [x] 100%.mp4", "视频.mp4", "-d.mp4", "CLIP.MP4", "n"]
)
def test_names_are_names(film: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, name: str) -> None:
    film.rename(tmp_path / name)
    monkeypatch.chdir(tmp_path)
    assert len(open_frames(name)) == 24 and announced(Path(name)) == (24, SIZE[1], SIZE[0])


def test_what_is_no_film_is_refused_or_read_as_the_picture_it_is(tmp_path: Path) -> None:
    save(tmp_path / "a.png", picture(0)).rename(tmp_path / "a.mp4")
    assert np.array_equal(open_frames(tmp_path / "a.mp4")[0], picture(0))
    starts = {"z.zip": b"PK\3\4", "z.mp4": b"PK\3\4", "x.tar.gz": b"\x1f\x8b", "clip.7z": b"7z\xbc\xaf"}
    for name, start in starts.items():
        (tmp_path / name).write_bytes(start + bytes(500))
        with pytest.raises(InputError, match=f"{name}: an archive .*unpack it"):
            open_frames(tmp_path / name)
    for name, data in (
        ("t.txt", b"words\n" * 50),
        ("t.nfo", b"words\n" * 50),
        ("x.mp4", b"\0\0\0\x18ftypheic" + bytes(64)),
        ("p.psd", b"8BPS" + bytes(60)),
    ):
        (tmp_path / name).write_bytes(data)
        with pytest.raises(InputError) as caught:
            open_frames(tmp_path / name)
        assert str(caught.value).count(name) == 1 and "\n" not in str(caught.value)
