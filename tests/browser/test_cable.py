"""The cable of a paraglider, drawn with the mask brush one pixel wide: in its frame, in the next, in the export."""

from __future__ import annotations

import shutil
import zipfile
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np
from PIL import Image

from paddlevideo.session import Segmenter
from tests.browser.served import CONFIG, WEIGHTS, Served
from tests.browser.test_touch_up import drop, mask_of, paint

if TYPE_CHECKING:
    from tests.browser.person import Person

SEQUENCE, FRAMES = "paragliding", 6
CABLE = ((0.794, 0.50), (0.742, 0.69))  # from the wing's lower tip to the pilot, in frame 0


def test_the_cable_of_a_paraglider(
    person: Person, served: Served, videos: Path, davis_root: Path, tmp_path: Path
) -> None:
    clip = videos / SEQUENCE
    clip.mkdir()
    for frame in range(FRAMES):
        shutil.copy(davis_root / "JPEGImages/480p" / SEQUENCE / f"{frame:05d}.jpg", clip)
    given = np.array(Image.open(davis_root / "Annotations/480p" / SEQUENCE / "00000.png"))
    person.open_video(served.home, SEQUENCE)
    drop(person, {"00000.png": given})
    person.page.get_by_text("1 of 1 masks are taken").wait_for()
    assert (mask_of(person, 0) == given).all()

    # In the mask of its frame to the pixel: what is new is one line, a pixel in each row, without a gap.
    person.press("m")
    width = person.page.get_by_role("spinbutton", name="Width")
    width.fill("1")
    width.press("Enter")
    person.see_frame()
    paint(person, *CABLE)
    person.until(lambda: bool((mask_of(person, 0) != given).any()), "no cable")
    painted = mask_of(person, 0)
    rows, columns = np.nonzero(painted != given)
    height, length = given.shape
    assert (painted[rows, columns] == 1).all()
    assert abs(rows.min() - CABLE[0][1] * height) <= 1 and abs(rows.max() - CABLE[1][1] * height) <= 1
    assert rows.tolist() == list(range(rows.min(), rows.max() + 1))
    assert (np.abs(np.diff(columns)) <= 1).all()
    line = np.interp(rows, [y * height for _, y in CABLE], [x * length for x, _ in CABLE])
    assert (np.abs(columns - line) <= 1).all()

    # In the next frames as well as the network can: they are those of a session that is given this mask.
    person.press("p")
    person.until(lambda: person.document()["frames"]["state"].count("p") == FRAMES - 1, "a frame is left", 300)
    person.wait_for("idle")
    session = Segmenter.load(CONFIG, WEIGHTS).open(clip)
    session.add_mask(0, painted)
    results = {result.frame: result.mask for result in session.propagate()}
    for frame in range(1, FRAMES):
        assert (mask_of(person, frame) == results[frame]).all(), f"frame {frame}"
    truth = np.array(Image.open(davis_root / "Annotations/480p" / SEQUENCE / "00001.png")) > 0
    found = mask_of(person, 1) > 0
    assert (truth & found).sum() > 0.7 * (truth | found).sum()

    # In the export, too.
    with zipfile.ZipFile(person.export("Masks, one PNG a frame Palette", "palette.zip", tmp_path)) as archive:
        names = sorted(name for name in archive.namelist() if name.endswith(".png"))
        exported = [np.array(Image.open(archive.open(name))) for name in names]
    assert (exported[0] == painted).all()
    assert all((mask == mask_of(person, frame)).all() for frame, mask in enumerate(exported))
