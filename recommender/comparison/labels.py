"""Places the labels of points so that none covers another label or a point.

Each label in turn takes the cheapest of the places around its point that are free: near rather than
far, within the area, and not across a line where that can be had. Places are tried in ever wider
rings, and the plane has no end, so every label finds one.
"""

from __future__ import annotations

import itertools
from collections.abc import Iterator, Sequence
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

#: Half the side of the square that a point covers, and the least distance of labels from each
#: other, in the unit of the points (pixels).
_POINT, _GAP = 7.0, 2.0
#: Rings of places that are tried together, and the distance between two rings.
_RINGS, _STEP = 12, 5.0
#: Directions, counted from the right, in the order in which equals are preferred.
_TURNS = np.array([0, 1, -1, 8, 7, 9, 4, -4, 2, -2, 6, 10, 3, -3, 5, 11]) * np.pi / 8
#: What a line crossed, and a step outside the area, cost beside the distance.
_CROSSED, _OUTSIDE = 18.0, 1000.0

Boxes = npt.NDArray[np.float64]


@dataclass(frozen=True)
class Box:
    """A rectangle.

    Attributes:
        left: Its least x.
        bottom: Its least y.
        right: Its greatest x.
        top: Its greatest y.
    """

    left: float
    bottom: float
    right: float
    top: float

    def overlaps(self, other: Box) -> bool:
        """Return whether the two have more than an edge in common.

        >>> Box(0, 0, 2, 2).overlaps(Box(1, 1, 3, 3)), Box(0, 0, 2, 2).overlaps(Box(2, 0, 3, 2))
        (True, False)
        """
        across = self.left < other.right and other.left < self.right
        return across and self.bottom < other.top and other.bottom < self.top

    def nearest(self, x: float, y: float) -> tuple[float, float]:
        """Return the place in the box that is nearest to (x, y)."""
        return min(max(x, self.left), self.right), min(max(y, self.bottom), self.top)


def place_labels(
    points: Sequence[tuple[float, float]],
    sizes: Sequence[tuple[float, float]],
    area: Box,
    lines: Sequence[Box] = (),
) -> list[Box]:
    """Return where each label stands; no two overlap, and none covers a point.

    Args:
        points: (x, y) of each point, in pixels.
        sizes: (width, height) of each label.
        area: Where labels should stay; one leaves it only where there is no room.
        lines: What labels should not cross if that can be had.
    """
    taken = [Box(x - _POINT, y - _POINT, x + _POINT, y + _POINT) for x, y in points]
    placed: list[Box] = []
    for point, size in zip(points, sizes, strict=True):
        placed.append(_place(point, size, area, [*taken, *placed], lines))
    return placed


def _place(
    point: tuple[float, float],
    size: tuple[float, float],
    area: Box,
    taken: Sequence[Box],
    lines: Sequence[Box],
) -> Box:
    obstacles, crossed = _array(taken), _array(lines)
    for boxes, distances in _rings(point, size):
        free = ~_overlap(boxes, obstacles, _GAP).any(axis=1)
        if free.any():
            costs = distances + _CROSSED * _overlap(boxes, crossed, 0.0).sum(axis=1)
            costs = costs + _OUTSIDE * _leaves(boxes, area)
            best = int(np.argmin(np.where(free, costs, np.inf)))
            return Box(*boxes[best].tolist())
    raise AssertionError("rings have no end")  # pragma: no cover


def _rings(
    point: tuple[float, float], size: tuple[float, float]
) -> Iterator[tuple[Boxes, npt.NDArray[np.float64]]]:
    """Yield the boxes of some rings around a point, shape (n, 4), and their distances from it."""
    ways = np.stack([np.cos(_TURNS), np.sin(_TURNS)], axis=1)
    half = np.array(size) / 2.0
    for start in itertools.count(0, _RINGS):
        distances = _POINT + _GAP + 1.0 + _STEP * (start + np.arange(_RINGS, dtype=np.float64))
        centres = np.array(point) + ways * (half + distances[:, np.newaxis, np.newaxis])
        centres = centres.reshape(-1, 2)
        yield np.hstack([centres - half, centres + half]), np.repeat(distances, len(_TURNS))


def _overlap(boxes: Boxes, others: Boxes, gap: float) -> npt.NDArray[np.bool_]:
    """Return which of ``boxes`` come closer than ``gap`` to which others, shape (n, m)."""
    one, two = boxes[:, np.newaxis], others[np.newaxis]
    found = (one[..., :2] - gap < two[..., 2:]) & (two[..., :2] < one[..., 2:] + gap)
    return np.asarray(found.all(axis=-1))


def _leaves(boxes: Boxes, area: Box) -> npt.NDArray[np.bool_]:
    low = (boxes[:, :2] < (area.left, area.bottom)).any(axis=1)
    return np.asarray(low | (boxes[:, 2:] > (area.right, area.top)).any(axis=1))


def _array(boxes: Sequence[Box]) -> Boxes:
    edges = [(box.left, box.bottom, box.right, box.top) for box in boxes]
    return np.array(edges, dtype=np.float64).reshape(-1, 4)
