"""Strokes as a person would draw them, from a true mask and the mask shown to that person."""

from __future__ import annotations

from itertools import pairwise

import cv2
import numpy as np
from skimage.graph import MCP_Geometric

from .clip import IGNORE
from .damage import object_ids
from .scribbles import Stroke

GRID = 40
"""Strokes are planned on a grid of at most this many cells a side, laid over the region's box."""

Cell = tuple[int, int]


def simulate_strokes(
    truth: np.ndarray,
    predicted: np.ndarray | None,
    frame: int,
    rng: np.random.Generator,
    *,
    strokes: tuple[int, int] = (2, 4),
    click: float = 0.0,
    partial: float = 0.0,
    background: float = 0.0,
    min_area: float = 2e-4,
) -> list[Stroke]:
    """Return the strokes of one round on one frame; the same generator state gives the same strokes.

    First round (``predicted`` is None): every object of ``truth`` gets strokes. Later rounds: the largest wrong
    regions do, each with the id that belongs there: an object's on the parts missed, 0 on false patches, another's
    where two are confused. All strokes lie in their region.

    People draw long waves over bodies and trace limbs (see the human strokes of DAVIS), so a region gets a wave,
    a trace along its middle out to its tips, or a short click.

    Args:
        truth: (H, W) uint8 ids; 255 is neither drawn on nor wrong.
        predicted: (H, W) uint8 ids, or None.
        frame: index written into the strokes.
        rng: the only source of chance.
        strokes: fewest and most strokes a region.
        click: share of the regions that get a short click only.
        partial: share of the strokes that stop short of their full way.
        background: probability, in the first round, of strokes of id 0 around the objects.
        min_area: wrong regions of a smaller part of the picture are left alone.

    Returns:
        Strokes with points in 0..1; empty when there is no object or nothing to correct.
    """
    regions: list[tuple[int, np.ndarray]] = []
    if predicted is None:
        regions += [(int(identity), (truth == identity).astype(np.uint8)) for identity in object_ids(truth)]
        if regions and rng.random() < background:
            regions.append((0, _surroundings(truth)))
    else:
        wrong = (truth != predicted) & (truth != IGNORE)
        for identity in np.unique(truth[wrong]):
            missed = (wrong & (truth == identity)).astype(np.uint8)
            part = _largest_part(missed)
            if np.count_nonzero(part) >= min_area * truth.size:
                regions.append((int(identity), part))
    drawn = []
    for identity, region in regions:
        count = int(rng.integers(strokes[0], strokes[1] + 1))
        for points in _draw_region(region, count, rng.random() < click, partial, rng):
            drawn.append(Stroke(object_id=identity, frame=frame, points=points))
    return drawn


def _surroundings(truth: np.ndarray) -> np.ndarray:
    """The background in a ring around the objects."""
    near, far = max(1, min(truth.shape) // 40), max(2, min(truth.shape) // 8)
    objects = (truth != 0).astype(np.uint8)
    inner = cv2.dilate(objects, np.ones((2 * near + 1, 2 * near + 1), np.uint8))
    outer = cv2.dilate(objects, np.ones((2 * far + 1, 2 * far + 1), np.uint8))
    return outer & (1 - inner)


def _largest_part(region: np.ndarray) -> np.ndarray:
    """The largest connected part of a binary mask."""
    count, labels, stats, _ = cv2.connectedComponentsWithStats(region, connectivity=4)
    if count <= 2:
        return region
    return (labels == 1 + int(stats[1:, cv2.CC_STAT_AREA].argmax())).astype(np.uint8)


def _draw_region(
    region: np.ndarray, count: int, click: bool, partial: float, rng: np.random.Generator
) -> list[tuple[tuple[float, float], ...]]:
    """Up to ``count`` strokes inside ``region`` (H, W) uint8, planned on a coarse grid and smoothed."""
    left, top, width, height = cv2.boundingRect(region)
    if not width:
        return []
    cells = _Cells(region[top : top + height, left : left + width])
    paths = cells.click(rng) if click else [_stretch(path, partial, rng) for path in cells.cover(count, rng)]
    strokes = []
    for path in paths:
        points = (_smooth(path) + 0.5) * (height / cells.inside.shape[0], width / cells.inside.shape[1])
        pixels = np.array([top, left]) + np.clip(points.astype(int), 0, (height - 1, width - 1))
        pixels = pixels[region[pixels[:, 0], pixels[:, 1]] > 0]
        if not len(pixels):
            pixels = _deepest_pixel(region)
        strokes.append(tuple(_relative(int(y), int(x), region.shape) for y, x in pixels))
    return strokes


class _Cells:
    """A region on the planning grid: which cells are inside, and what a step through each costs."""

    def __init__(self, region: np.ndarray) -> None:
        rows, columns = (min(GRID, side) for side in region.shape)
        cover = cv2.resize(region.astype(np.float32), (columns, rows), interpolation=cv2.INTER_AREA)
        inside = cover > 0.99
        if inside.sum() < 0.5 * (cover > 0.5).sum():
            inside = cover > 0.5
        if not inside.any():
            inside = cover >= cover.max()
        # A border outside the region makes the distance fall to the edge of the box as well.
        depth = cv2.distanceTransform(np.pad(inside.astype(np.uint8), 1), cv2.DIST_L2, 3)[1:-1, 1:-1]
        self.inside = inside
        self.depth = depth
        # Steep enough that the cheapest way keeps to the middle of limbs and bodies.
        self.cost = np.where(inside, 1 + 8 / np.maximum(depth, 1) ** 2, -1.0)

    def _random(self, rng: np.random.Generator, depth: float = 0.0) -> Cell:
        candidates = np.argwhere(self.inside & (self.depth >= depth * self.depth.max()))
        row, column = candidates[rng.integers(len(candidates))]
        return int(row), int(column)

    def click(self, rng: np.random.Generator) -> list[np.ndarray]:
        """A dab of a few cells about a point well inside."""
        start = self._random(rng, depth=0.7)
        end = (start[0] + int(rng.integers(-2, 3)), start[1] + int(rng.integers(-2, 3)))
        return [np.asarray([start, end] if self._clear(start, end) else [start], np.float64)]

    def cover(self, count: int, rng: np.random.Generator) -> list[np.ndarray]:
        """A wave or a trace first, then traces to what is farthest from the strokes there are."""
        paths = [self._wave(rng) if rng.random() < 0.45 else self._trace([self._random(rng)], rng, both_ends=True)]
        while len(paths) < count:
            drawn = [(int(row), int(column)) for row, column in np.concatenate(paths).astype(int)]
            paths.append(self._trace(drawn, rng))
        return paths

    def _trace(
        self, starts: list[Cell], rng: np.random.Generator, both_ends: bool = False, islands: bool = True
    ) -> np.ndarray:
        """The way along the middle to a tip that is far from ``starts``; with ``both_ends`` from tip to tip.

        With ``islands`` a sizeable part of the region that cannot be reached from ``starts`` comes first.
        """
        search = MCP_Geometric(self.cost)
        costs, _ = search.find_costs(starts)
        reached = np.where(np.isfinite(costs) & self.inside, costs, -1.0)
        apart = np.argwhere(self.inside & (reached < 0))
        if islands and not both_ends and len(apart) > 0.1 * self.inside.sum():
            return self._trace([tuple(apart[rng.integers(len(apart))].tolist())], rng, both_ends=True)
        if reached.max() <= 0:
            return np.asarray(starts[:1], np.float64)
        far = np.argwhere(reached >= rng.uniform(0.75, 1.0) * reached.max())
        tip: Cell = tuple(far[rng.integers(len(far))].tolist())
        if both_ends:
            return self._trace([tip], rng, islands=False)
        return np.asarray(search.traceback(tip), np.float64)

    def _wave(self, rng: np.random.Generator) -> np.ndarray:
        """A zigzag across the longer axis of the region."""
        cells = np.argwhere(self.inside).astype(np.float64)
        if len(cells) < 12:
            return self._trace([self._random(rng)], rng, both_ends=True)
        offset = cells - cells.mean(axis=0)
        _, axes = np.linalg.eigh(offset.T @ offset)
        turn = rng.uniform(-0.3, 0.3)
        rotation = np.array([[np.cos(turn), -np.sin(turn)], [np.sin(turn), np.cos(turn)]])
        along, across = (offset @ (rotation @ axes[:, k]) for k in (1, 0))
        turns = int(rng.integers(4, 10))
        edges = np.linspace(along.min(), along.max() + 1e-6, turns + 1)
        margin = rng.uniform(0.05, 0.25)
        waypoints = []
        for index in range(turns):
            within = np.flatnonzero((along >= edges[index]) & (along < edges[index + 1]))
            if len(within):
                level = np.quantile(across[within], margin if index % 2 else 1 - margin)
                row, column = cells[within[np.abs(across[within] - level).argmin()]]
                waypoints.append((int(row), int(column)))
        return self._join(waypoints)

    def _join(self, waypoints: list[Cell]) -> np.ndarray:
        """Straight from each to the next where that stays inside, else round the bend; stops at a gap."""
        path: list[Cell] = waypoints[:1]
        for start, end in pairwise(waypoints):
            if self._clear(start, end):
                path += list(zip(*_line(start, end), strict=True))[1:]
                continue
            search = MCP_Geometric(self.cost)
            costs, _ = search.find_costs([start], [end])
            if not np.isfinite(costs[end]):
                break
            path += search.traceback(end)[1:]
        return np.asarray(path, np.float64)

    def _clear(self, start: Cell, end: Cell) -> bool:
        rows, columns = self.inside.shape
        if not (0 <= end[0] < rows and 0 <= end[1] < columns):
            return False
        return bool(self.inside[_line(start, end)].all())


def _line(start: Cell, end: Cell) -> tuple[np.ndarray, np.ndarray]:
    """Rows and columns of the cells from ``start`` to ``end``, both included."""
    count = max(abs(end[0] - start[0]), abs(end[1] - start[1])) + 1
    rows, columns = (np.rint(np.linspace(start[axis], end[axis], count)).astype(int) for axis in (0, 1))
    return rows, columns


def _stretch(path: np.ndarray, partial: float, rng: np.random.Generator) -> np.ndarray:
    """With probability ``partial`` only a stretch of the path."""
    if rng.random() >= partial or len(path) < 4:
        return path
    length = max(2, round(len(path) * rng.uniform(0.35, 0.9)))
    start = int(rng.integers(len(path) - length + 1))
    return path[start : start + length]


def _smooth(path: np.ndarray) -> np.ndarray:
    """Round the corners of a path (N, 2) and make it twice as fine."""
    if len(path) < 3:
        return path
    fine = np.linspace(0, len(path) - 1, 2 * len(path))
    dense = np.stack([np.interp(fine, np.arange(len(path)), path[:, axis]) for axis in (0, 1)], axis=1)
    width = 5
    padded = np.pad(dense, ((width // 2, width // 2), (0, 0)), mode="edge")
    kernel = np.full(width, 1 / width)
    return np.stack([np.convolve(padded[:, axis], kernel, mode="valid") for axis in (0, 1)], axis=1)


def _deepest_pixel(region: np.ndarray) -> np.ndarray:
    distance = cv2.distanceTransform(np.pad(region, 1), cv2.DIST_L2, 3)[1:-1, 1:-1]
    return np.array([divmod(int(distance.argmax()), region.shape[1])])


def _relative(y: int, x: int, size: tuple[int, ...]) -> tuple[float, float]:
    """The point in 0..1 that drawing at the same size truncates back to this very pixel."""
    return _share(x, size[1]), _share(y, size[0])


def _share(pixel: int, side: int) -> float:
    return min(1.0, (pixel + 0.25) / max(side - 1, 1))
