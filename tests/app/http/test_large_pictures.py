"""4K of cinemas and photographs of 12 megapixels open with the usual limits; pictures come at the size asked for."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import cv2
import numpy as np
import pytest
from fastapi.testclient import TestClient

from paddlevideo.app.http.server import create_app
from paddlevideo.writers.video import VideoWriter
from tests.app.toy import TOKEN, session_maker, settings


@pytest.fixture
def client(tmp_path: Path) -> Iterator[TestClient]:
    (tmp_path / "videos").mkdir()
    app = create_app(settings(tmp_path, folders={"videos": tmp_path / "videos"}), session_maker())
    with TestClient(app, headers={"X-Token": TOKEN}) as found:
        yield found


def halves(width: int, height: int) -> np.ndarray:
    """Dark on the left, bright on the right."""
    picture = np.full((height, width, 3), 60, np.uint8)
    picture[:, width // 2 :] = 200
    return picture


def write(path: Path, width: int, height: int) -> str:
    """Write a film of two frames, or a folder of two photographs; return its name."""
    if path.suffix == ".mp4":
        with VideoWriter(path, 25.0, (height, width)) as film:
            for _ in range(2):
                film.write(halves(width, height))
    else:
        path.mkdir()
        for name in ("1.jpg", "2.jpg"):
            cv2.imwrite(str(path / name), halves(width, height))
    return path.name


@pytest.mark.parametrize(("name", "width", "height"), [("cinema.mp4", 4096, 2160), ("photographs", 4000, 3000)])
def test_large_pictures_open_and_come_at_the_size_asked_for(
    client: TestClient, tmp_path: Path, name: str, width: int, height: int
) -> None:
    opened = client.post(
        "/api/projects", json={"folder": "videos", "path": write(tmp_path / "videos" / name, width, height)}
    )
    assert opened.status_code == 200, opened.text
    video = opened.json()["video"]
    assert (video["frames"], video["width"], video["height"]) == (2, width, height)
    url = f"/api/projects/{opened.json()['id']}"
    asked = {
        "frames/1.jpg": (height, width),
        "frames/1.jpg?w=1920": (round(height * 1920 / width), 1920),
        "thumbs/1.jpg": (96, round(width * 96 / height)),
    }
    for path, size in asked.items():
        picture = cv2.imdecode(np.frombuffer(client.get(f"{url}/{path}").content, np.uint8), cv2.IMREAD_GRAYSCALE)
        assert picture.shape == size, path
        left, right = picture[size[0] // 2, size[1] // 4], picture[size[0] // 2, 3 * size[1] // 4]
        assert abs(int(left) - 60) < 6 and abs(int(right) - 200) < 6, path


def test_more_pixels_than_the_limit_are_refused_with_both_sizes(client: TestClient, tmp_path: Path) -> None:
    name = write(tmp_path / "videos" / "huge", 4200, 3000)
    answer = client.post("/api/projects", json={"folder": "videos", "path": name})
    error = answer.json()["error"]
    assert (answer.status_code, error["code"]) == (422, "too_many_pixels")
    assert "4200" in error["message"] and "3000" in error["message"]
