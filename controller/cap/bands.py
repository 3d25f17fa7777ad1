"""A polygon whose edges lie in bands of latitude, so that a place meets only those of its band."""

from itertools import pairwise

from wire.alert import Polygon
from wire.target import Position

EDGES_A_BAND = 8
MAX_BANDS = 1024

Edge = tuple[float, float, float, float]


class Banded:
    """Answers as `wire.target.holds` does for the same polygon.

    An edge that is not at a place's latitude can neither hold it nor be crossed by its ray.
    """

    def __init__(self, polygon: Polygon) -> None:
        points = polygon.points
        latitudes = [latitude for latitude, _ in points]
        self._south, self._north = min(latitudes), max(latitudes)
        count = max(1, min(MAX_BANDS, len(points) // EDGES_A_BAND))
        self._height = (self._north - self._south) / count or 1.0
        self._bands: list[list[Edge]] = [[] for _ in range(count + 2)]
        for (y1, x1), (y2, x2) in pairwise([*points, points[0]]):
            for band in range(self._band(min(y1, y2)), self._band(max(y1, y2)) + 1):
                self._bands[band].append((y1, x1, y2, x2))

    def holds(self, at: Position) -> bool:
        """Return whether a place lies in the polygon or on its edge."""
        y, x = at
        if not self._south <= y <= self._north:
            return False
        is_inside = False
        for y1, x1, y2, x2 in self._bands[self._band(y)]:
            across = (x2 - x1) * (y - y1) - (x - x1) * (y2 - y1)
            if across == 0 and min(x1, x2) <= x <= max(x1, x2) and min(y1, y2) <= y <= max(y1, y2):
                return True
            if (y1 > y) != (y2 > y) and x < x1 + (y - y1) * (x2 - x1) / (y2 - y1):
                is_inside = not is_inside
        return is_inside

    def _band(self, latitude: float) -> int:
        return int((latitude - self._south) / self._height)
