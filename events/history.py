"""What a user's events come to: opinions, seen movies, the watchlist."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass

from events.records import UserHistory
from events.schema import EventKind


@dataclass
class _Movie:
    """Where one user stands with one movie; numbers are those of the events that count."""

    stars: float | None = None
    rated: int = 0
    liked: int = 0
    refused: int = 0
    watched: int = 0
    listed: int = 0

    def apply(self, sequence: int, kind: EventKind, value: float | None) -> None:
        match kind:
            case EventKind.RATING:
                self.stars, self.rated = value, sequence
            case EventKind.UNRATING:
                self.stars, self.rated = None, 0
            case EventKind.LIKE | EventKind.UNLIKE:
                self.liked = sequence if kind is EventKind.LIKE else 0
            case EventKind.NOT_INTERESTED | EventKind.INTERESTED:
                self.refused = sequence if kind is EventKind.NOT_INTERESTED else 0
            case EventKind.WATCHLIST | EventKind.UNWATCHLIST:
                self.listed = sequence if kind is EventKind.WATCHLIST else 0
            case EventKind.WATCH:
                self.watched = sequence

    @property
    def opinion(self) -> int:
        return max(self.rated, self.liked)

    @property
    def seen(self) -> bool:
        return bool(self.rated or self.liked or self.refused or self.watched)


def fold(
    user_id: int, rows: Iterable[tuple[int, str, int, float | None]], *, erased_at: int | None
) -> UserHistory:
    """Return the history that a user's events come to.

    The store's order decides, not the clock of a client. A movie both rated and liked counts with
    its stars.

    Args:
        user_id: Whose.
        rows: Number, kind, movie and value of each event, in rising order of numbers.
        erased_at: Number of the user's erasure, or ``None``.
    """
    movies: dict[int, _Movie] = {}
    watermark = erased_at or 0
    for sequence, kind, movie_id, value in rows:
        movies.setdefault(movie_id, _Movie()).apply(sequence, EventKind(kind), value)
        watermark = max(watermark, sequence)
    opinions = sorted((m.opinion, movie_id) for movie_id, m in movies.items() if m.opinion)
    listed = sorted(((m.listed, movie_id) for movie_id, m in movies.items() if m.listed))
    return UserHistory(
        user_id=user_id,
        watermark=watermark,
        movie_ids=tuple(movie_id for _, movie_id in opinions),
        ratings=tuple(movies[movie_id].stars for _, movie_id in opinions),
        seen=tuple(sorted(movie_id for movie_id, m in movies.items() if m.seen)),
        watchlist=tuple(movie_id for _, movie_id in reversed(listed)),
        refused=tuple(sorted(movie_id for movie_id, m in movies.items() if m.refused)),
        erased=erased_at is not None,
    )
