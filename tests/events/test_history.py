from __future__ import annotations

from hypothesis import given
from hypothesis import strategies as st

from events.history import fold
from events.records import UserHistory
from events.schema import PASSING, SEEN_BY, EventKind

UNDOES = {
    EventKind.UNRATING: EventKind.RATING,
    EventKind.UNLIKE: EventKind.LIKE,
    EventKind.INTERESTED: EventKind.NOT_INTERESTED,
    EventKind.UNWATCHLIST: EventKind.WATCHLIST,
}
KINDS = [kind for kind in EventKind if kind not in PASSING]
ROWS = st.lists(st.tuples(st.sampled_from(KINDS), st.integers(1, 4), st.floats(0.5, 5)))


def history(*done: tuple[str, int, float | None]) -> UserHistory:
    rows = [(number, *event) for number, event in enumerate(done, start=1)]
    return fold(1, rows, erased_at=None)


def test_the_last_opinion_of_each_movie_counts() -> None:
    found = history(
        ("rating", 10, 2.0), ("like", 11, None), ("rating", 12, 3.0), ("rating", 10, 5.0)
    )
    assert (found.movie_ids, found.ratings) == ((11, 12, 10), (None, 3.0, 5.0))
    assert found.seen == (10, 11, 12)


def test_stars_say_more_than_a_like() -> None:
    assert history(("rating", 10, 2.0), ("like", 10, None)).ratings == (2.0,)
    assert history(("like", 10, None), ("rating", 10, 2.0)).ratings == (2.0,)
    undone = history(("like", 10, None), ("rating", 10, 2.0), ("unrating", 10, None))
    assert undone.ratings == (None,)


def test_a_watched_movie_is_seen_without_an_opinion() -> None:
    found = history(("watch", 10, 90.0), ("not-interested", 11, None))
    assert (found.movie_ids, found.seen) == ((), (10, 11))


def test_the_watchlist_is_latest_first_and_not_seen() -> None:
    found = history(*(("watchlist", movie, None) for movie in (3, 1, 2, 1)))
    assert (found.watchlist, found.seen) == ((1, 2, 3), ())


def test_an_erasure_counts_in_the_watermark() -> None:
    assert fold(1, [], erased_at=9) == UserHistory(1, 9, erased=True)
    assert fold(1, [(11, "like", 5, None)], erased_at=9).watermark == 11


@given(ROWS)
def test_undoing_everything_leaves_what_was_watched(
    done: list[tuple[EventKind, int, float]],
) -> None:
    undo = [(kind, movie, None) for movie in range(1, 5) for kind in UNDOES]
    found = history(*done, *undo)
    watched = tuple(sorted({movie for kind, movie, _ in done if kind is EventKind.WATCH}))
    assert (found.movie_ids, found.watchlist, found.seen) == ((), (), watched)


@given(ROWS)
def test_a_history_is_consistent(done: list[tuple[EventKind, int, float]]) -> None:
    found = history(*done)
    assert found.watermark == len(done)
    assert len(found.movie_ids) == len(found.ratings) == len(set(found.movie_ids))
    assert set(found.movie_ids) <= set(found.seen)
    last = {}
    for kind, movie, _ in done:
        last[movie, UNDOES.get(kind, kind)] = kind
    seen = {movie for (movie, kind), final in last.items() if kind in SEEN_BY and final == kind}
    assert set(found.seen) == seen
