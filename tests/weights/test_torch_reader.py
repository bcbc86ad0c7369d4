"""The restricted readers against files that torch wrote, and against files made to harm."""

from __future__ import annotations

import io
import os
import pickle
import zipfile
from pathlib import Path

import numpy as np
import pytest

from paddlevideo.utils.errors import InputError
from paddlevideo.weights.safe_pickle import read_pickle
from paddlevideo.weights.torch_reader import LEGACY_START, read_torch

FIXTURES = Path(__file__).resolve().parents[1] / "data" / "torch"
FORMATS = ("zip", "legacy")


@pytest.mark.parametrize("kind", FORMATS)
def test_reads_every_kind_of_tensor(kind: str) -> None:
    checkpoint = read_torch(FIXTURES / f"checkpoint_{kind}.pth")
    assert checkpoint["epoch"] == 3
    assert checkpoint["notes"] == [1.5, None, "text", (1, True)]
    base = np.arange(24, dtype=np.float32).reshape(4, 6)
    expected = {
        "float32": base,
        "transposed": base.T,
        "strided": base[1:, ::2],
        "expanded": np.full(3, 2.5, np.float32),
        "parameter": np.array([1, -1], np.float32),
        "float16": np.array([0.5, -2], np.float16),
        "bfloat16": np.array([[1.5], [-3]], np.float32),
        "int64": np.array([1, -(2**40)]),
        "scalar": np.array(7),
        "boolean": np.array([True, False]),
        "empty": np.zeros((0, 3), np.float32),
    }
    assert list(checkpoint["state_dict"]) == list(expected)
    for name, value in expected.items():
        read = checkpoint["state_dict"][name]
        assert read.dtype == value.dtype and read.shape == value.shape, name
        np.testing.assert_array_equal(read, value, err_msg=name)


def test_formats_agree_on_a_network() -> None:
    networks = [read_torch(FIXTURES / f"network_{kind}.pth") for kind in FORMATS]
    assert list(networks[0]) == list(networks[1])
    assert "1.running_var" in networks[0] and networks[0]["1.num_batches_tracked"].shape == ()
    for name, value in networks[0].items():
        np.testing.assert_array_equal(value, networks[1][name])


def test_reads_types_without_a_storage_of_their_own() -> None:
    sizes = read_torch(FIXTURES / "untyped_zip.pth")["sizes"]
    assert sizes.dtype == np.uint16 and sizes.tolist() == [3, 4]


def test_refuses_a_pickled_module_by_name() -> None:
    with pytest.raises(InputError, match=r"torch\.nn\.modules\.conv\.Conv2d"):
        read_torch(FIXTURES / "module_zip.pth")


class Hostile:
    """Makes a folder when unpickled by an open-handed reader."""

    def __init__(self, target: Path) -> None:
        self.target = target

    def __reduce__(self) -> tuple:
        return os.mkdir, (str(self.target),)


def _archive(path: Path, contents: bytes) -> Path:
    with zipfile.ZipFile(path, "w") as archive:
        archive.writestr("archive/data.pkl", contents)
    return path


@pytest.mark.parametrize("kind", [*FORMATS, "pickle"])
def test_hostile_file_is_refused_and_does_nothing(kind: str, tmp_path: Path) -> None:
    target = tmp_path / "made"
    evil = pickle.dumps({"state_dict": Hostile(target)}, protocol=2)
    path = tmp_path / "evil"
    if kind == "zip":
        _archive(path, evil)
    elif kind == "legacy":
        system = {"protocol_version": 1001, "little_endian": True}
        path.write_bytes(LEGACY_START + pickle.dumps(1001, 2) + pickle.dumps(system, 2) + evil)
    else:
        path.write_bytes(evil)
    with pytest.raises(InputError, match=r"asks for '(posix|nt)\.mkdir'"):
        (read_pickle if kind == "pickle" else read_torch)(path)
    assert not target.exists()


@pytest.mark.parametrize(
    "program",
    [
        b"cbuiltins\neval\n(X\x06\x00\x00\x002 ** 3}tR.",  # eval of something else than Paddle's own expression
        b"cbuiltins\ngetattr\n.",
        b"cnumpy\nload\n.",
        b"cos\nsystem\n(X\x04\x00\x00\x00truetR.",
        b"\x80\x04\x8c\x05numpy\x8c\x0endarray.tofile\x93.",  # a dotted name reaches into an allowed one
        b"ccollections\nOrderedDict\n.",  # a class where data belongs
        b"(lp0\ng0\na.",  # a list that holds itself
        b"cnumpy\ndtype\n(X\x01\x00\x00\x00Otp0\nR.",
    ],
)
def test_odd_pickles_are_refused(program: bytes, tmp_path: Path) -> None:
    path = tmp_path / "odd.pdparams"
    path.write_bytes(program)
    with pytest.raises(InputError) as error:
        read_pickle(path)
    assert "\n" not in str(error.value) and str(path) in str(error.value)


def test_object_arrays_are_refused(tmp_path: Path) -> None:
    path = tmp_path / "objects.pdparams"
    path.write_bytes(pickle.dumps(np.array([None, "x"], dtype=object), protocol=4))
    with pytest.raises(InputError, match="are not weights"):
        read_pickle(path)


def test_shared_parts_are_not_multiplied(tmp_path: Path) -> None:
    nested: list = [np.ones(2)]
    for _ in range(60):  # 2 ** 60 leaves if each reference were followed
        nested = [nested, nested]
    path = tmp_path / "nested.pdparams"
    path.write_bytes(pickle.dumps(nested))
    read = read_pickle(path)
    assert read[0] is read[1]


@pytest.mark.parametrize("protocol", [2, 3, 4, 5])
def test_reads_arrays_of_every_protocol(protocol: int, tmp_path: Path) -> None:
    state = {
        "plain": np.arange(6, dtype=np.float32).reshape(2, 3),
        "fortran": np.asfortranarray(np.arange(6.0).reshape(2, 3)),
        "big": np.arange(3, dtype=">f4"),
        "scalar": np.float64(1.5),
        "zero": np.zeros((0, 2), np.int64),
        "pair": ("name", np.array([True])),
    }
    path = tmp_path / "state"
    path.write_bytes(pickle.dumps(state, protocol=protocol))
    read = read_pickle(path)
    for name in ("plain", "fortran", "big", "zero"):
        np.testing.assert_array_equal(read[name], state[name])
    assert read["scalar"] == 1.5 and read["pair"][0] == "name" and read["pair"][1].tolist() == [True]


@pytest.mark.parametrize("kind", FORMATS)
def test_every_cut_is_noticed(kind: str, tmp_path: Path) -> None:
    whole = (FIXTURES / f"checkpoint_{kind}.pth").read_bytes()
    path = tmp_path / "cut.pth"
    for size in [1, len(LEGACY_START), len(LEGACY_START) + 1, *range(40, len(whole), 97), len(whole) - 1]:
        path.write_bytes(whole[:size])
        with pytest.raises(InputError):
            read_torch(path)


def test_a_flipped_bit_in_the_data_is_noticed(tmp_path: Path) -> None:
    whole = bytearray((FIXTURES / "checkpoint_zip.pth").read_bytes())
    whole[whole.index(np.arange(24, dtype=np.float32).tobytes()) + 10] ^= 1
    path = tmp_path / "flipped.pth"
    path.write_bytes(bytes(whole))
    with pytest.raises(InputError, match="broken"):
        read_torch(path)


def _view(offset: int, sizes: tuple[int, ...], strides: tuple[int, ...]) -> bytes:
    """The pickle of one tensor over the storage "0" of four float32."""

    class Pickler(pickle._Pickler):  # the one written in Python: names can be put in as text
        def persistent_id(self, thing: object) -> object:
            return ("storage", Name("torch", "FloatStorage"), "0", "cpu", 4) if thing == "THE STORAGE" else None

        def save(self, thing: object, save_persistent_id: bool = True) -> None:
            if isinstance(thing, Name):
                self.write(b"c" + thing[0].encode() + b"\n" + thing[1].encode() + b"\n")
            else:
                super().save(thing, save_persistent_id)

    class Name(tuple):
        def __new__(cls, *parts: str) -> Name:
            return super().__new__(cls, parts)

    class Tensor:
        pass

    stream = io.BytesIO()
    pickler = Pickler(stream, protocol=2)
    stream.write(b"\x80\x02ctorch._utils\n_rebuild_tensor_v2\n")
    pickler.save(("THE STORAGE", offset, sizes, strides, False, {}))
    stream.write(b"R.")
    return stream.getvalue()


@pytest.mark.parametrize(
    ("offset", "sizes", "strides", "fits"),
    [
        (0, (2, 2), (2, 1), True),
        (3, (1,), (1,), True),
        (1, (2, 2), (2, 1), False),
        (-1, (2,), (1,), False),
        (0, (-2,), (1,), False),
        (3, (2,), (-1,), False),
        (0, (2,), (1, 1), False),
        (0, (10**9,), (0,), False),
        (0, (1.5,), (1,), False),
    ],
)
def test_views_stay_inside_their_storage(offset: int, sizes: tuple, strides: tuple, fits: bool, tmp_path: Path) -> None:
    path = _archive(tmp_path / "view.pth", _view(offset, sizes, strides))
    with zipfile.ZipFile(path, "a") as archive:
        archive.writestr("archive/data/0", np.arange(4, dtype=np.float32).tobytes())
    if fits:
        assert read_torch(path).shape == sizes
    else:
        with pytest.raises(InputError, match="broken"):
            read_torch(path)


def test_other_files_are_named(tmp_path: Path) -> None:
    with zipfile.ZipFile(tmp_path / "other.zip", "w") as archive:
        archive.writestr("a.txt", "hello")
    (tmp_path / "text.pth").write_text("hello")
    for path, message in ((tmp_path / "other.zip", "not a torch file"), (tmp_path / "text.pth", "not a torch file")):
        with pytest.raises(InputError, match=message):
            read_torch(path)
    for path in (tmp_path / "missing.pth", tmp_path):
        with pytest.raises(InputError, match="cannot be opened"):
            read_torch(path)
