"""Reading DAVIS folders: layouts, sizes, object counts, bad input."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest
from PIL import Image

from paddlevideo.loader.davis import DavisFolder, read_mask
from paddlevideo.loader.photographs import PhotographFolder
from paddlevideo.utils.errors import InputError


def save_palette(path: Path, ids: np.ndarray) -> None:
    picture = Image.fromarray(ids.astype(np.uint8))
    picture.putpalette([value for grey in range(256) for value in (grey, 0, 0)])
    picture.save(path)


def test_sequences_sizes_objects_and_scribbles_are_read(tiny_davis: Path) -> None:
    disc, pair = DavisFolder(tiny_davis, "train").sequences
    assert (disc.name, pair.name) == ("disc", "pair")
    assert (disc.objects, pair.objects) == (1, 2)
    assert disc.size == (96, 160) and len(disc) == 6
    assert disc.frame(3).shape == (96, 160, 3) and disc.frame(3).dtype == np.uint8
    assert set(np.unique(pair.mask(0))) == {0, 1, 2}
    (strokes,) = disc.scribbles()
    assert {stroke.object_id for stroke in strokes} == {0, 1} and {stroke.frame for stroke in strokes} == {2}
    assert pair.scribbles() == []


def test_frames_are_rgb(tiny_davis: Path) -> None:
    sequence = DavisFolder(tiny_davis, "train").sequences[0]
    colour = sequence.frame(0)[sequence.mask(0) == 1].mean(axis=0)
    assert colour[0] > colour[2] + 50


def test_no_split_takes_every_folder_and_names_choose(tiny_davis: Path) -> None:
    assert [s.name for s in DavisFolder(tiny_davis, None).sequences] == ["disc", "pair"]
    assert [s.name for s in DavisFolder(tiny_davis, "train", sequences=["pair"]).sequences] == ["pair"]


def test_list_of_davis_2016_names_frames_and_masks(tiny_davis: Path) -> None:
    folder = tiny_davis / "ImageSets" / "480p"
    folder.mkdir()
    lines = [f"/JPEGImages/480p/pair/{t:05d}.jpg /Annotations/480p/pair/{t:05d}.png" for t in range(6)]
    (folder / "trainval.txt").write_text("\n".join(lines) + "\n\n")
    assert [s.name for s in DavisFolder(tiny_davis, "trainval").sequences] == ["pair"]


def test_file_numbers_need_not_be_contiguous_nor_masks_full(tiny_davis: Path) -> None:
    for folder, suffix in (("JPEGImages", "jpg"), ("Annotations", "png")):
        base = tiny_davis / folder / "480p" / "disc"
        (base / f"00002.{suffix}").unlink()
        (base / f"00005.{suffix}").rename(base / f"100005.{suffix}")
    save_palette(tiny_davis / "Annotations" / "480p" / "disc" / "00000.png", np.zeros((96, 160)))
    sequence = DavisFolder(tiny_davis, sequences=["disc"]).sequences[0]
    assert [path.stem for path in sequence.frame_paths] == ["00000", "00001", "00003", "00004", "100005"]
    assert not sequence.mask(0).any() and sequence.objects == 1
    assert sequence.complete_frames.tolist() == [1, 2, 3, 4]


def test_ids_missing_from_the_first_frame_are_counted(tiny_davis: Path) -> None:
    path = tiny_davis / "Annotations" / "480p" / "pair" / "00000.png"
    save_palette(path, np.where(read_mask(path) == 2, 0, read_mask(path)))
    sequence = DavisFolder(tiny_davis, sequences=["pair"]).sequences[0]
    assert sequence.objects == 2 and 0 not in sequence.complete_frames


@pytest.mark.parametrize("mode", ["L", "RGB"])
def test_black_and_white_masks_are_object_1(tmp_path: Path, mode: str) -> None:
    ids = np.zeros((4, 6), np.uint8)
    ids[1:3, 2:4] = 255
    Image.fromarray(ids).convert(mode).save(tmp_path / "m.png")
    assert (read_mask(tmp_path / "m.png") == (ids > 0)).all()


def test_palette_255_is_ignored_not_an_object(tiny_davis: Path) -> None:
    path = tiny_davis / "Annotations" / "480p" / "disc" / "00001.png"
    ids = read_mask(path)
    ids[:5] = 255
    save_palette(path, ids)
    sequence = DavisFolder(tiny_davis, sequences=["disc"]).sequences[0]
    assert sequence.objects == 1 and (sequence.mask(1)[:5] == 255).all()


def remove(path: Path) -> None:
    for inner in sorted(path.rglob("*"), reverse=True):
        inner.rmdir() if inner.is_dir() else inner.unlink()
    path.rmdir() if path.is_dir() else path.unlink()


@pytest.mark.parametrize(
    ("broken", "says"),
    [
        ("JPEGImages", "no frames at"),
        ("Annotations", "no masks at"),
        ("JPEGImages/480p/disc", "no sequence 'disc'"),
        ("Annotations/480p/disc/00003.png", "frame 00003 of 'disc' has no mask"),
        ("ImageSets/2017/train.txt", "no split 'train'"),
    ],
)
def test_missing_parts_are_input_errors(tiny_davis: Path, broken: str, says: str) -> None:
    remove(tiny_davis / broken)
    with pytest.raises(InputError, match=says) as caught:
        DavisFolder(tiny_davis, "train")
    assert "\n" not in str(caught.value)


def test_wrong_names_get_a_suggestion(tiny_davis: Path) -> None:
    with pytest.raises(InputError, match="did you mean 'train'"):
        DavisFolder(tiny_davis, "trian")
    with pytest.raises(InputError, match="did you mean 'disc'"):
        DavisFolder(tiny_davis, sequences=["dics"])


def test_broken_and_odd_pictures_are_input_errors(tiny_davis: Path) -> None:
    sequence = DavisFolder(tiny_davis, sequences=["disc"]).sequences[0]
    sequence.frame_paths[1].write_bytes(b"no picture")
    sequence.mask_paths[1].write_bytes(b"no picture")
    save_palette(sequence.mask_paths[2], np.ones((50, 60)))
    Image.fromarray(np.eye(4, dtype=np.uint8)[..., None] * np.array([9, 0, 0], np.uint8)).save(sequence.mask_paths[3])
    with pytest.raises(InputError, match=r"00001\.jpg: not a readable picture"):
        sequence.frame(1)
    with pytest.raises(InputError, match=r"00001\.png: not a readable mask"):
        sequence.mask(1)
    with pytest.raises(InputError, match="is 60x50 but the first frame of 'disc' is 160x96"):
        sequence.mask(2)
    with pytest.raises(InputError, match="colour picture"):
        sequence.mask(3)


def test_the_excerpt_has_small_frames_and_empty_masks(davis_root: Path) -> None:
    (bumps,) = DavisFolder(davis_root, "train", sequences=["bmx-bumps"]).sequences
    assert bumps.size == (270, 480) and bumps.objects == 1
    assert not set(range(62, 75)) & set(bumps.complete_frames.tolist())
    (bear,) = DavisFolder(davis_root, "train", sequences=["bear"]).sequences
    assert len(bear.scribbles()) == 2


def test_photographs_keep_instances_of_a_usable_size(tmp_path: Path) -> None:
    for folder in ("JPEGImages", "Instances"):
        (tmp_path / folder).mkdir()
    ids = np.zeros((40, 50), np.uint8)
    ids[:10, :10], ids[20, 20] = 1, 2
    for name, mask in (("good", ids), ("small", ids * (ids == 2))):
        Image.fromarray(np.full((40, 50, 3), 90, np.uint8)).save(tmp_path / "JPEGImages" / f"{name}.jpg")
        save_palette(tmp_path / "Instances" / f"{name}.png", mask)
    folder = PhotographFolder(tmp_path)
    assert [photograph.name for photograph in folder.photographs] == ["good"]
    assert folder.usable(folder.photographs[0]).tolist() == [1]
    (tmp_path / "Instances" / "small.png").unlink()
    with pytest.raises(InputError, match=r"small\.jpg has no instance mask"):
        PhotographFolder(tmp_path)
    with pytest.raises(InputError, match="no photographs at"):
        PhotographFolder(tmp_path / "nowhere")
