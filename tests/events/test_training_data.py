"""What training takes from the store, and how it is merged into a data set."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, datetime, timedelta

import numpy as np
import pandas as pd
from hypothesis import given, settings
from hypothesis import strategies as st

from events.store import EventStore
from events.training_data import read_site_data
from recommender.data.additions import (
    FORGOTTEN,
    ID_TOO_LARGE,
    REPLACED,
    WITHDRAWN,
    Additions,
    merge,
)
from recommender.data.cleaning import IMPOSSIBLE_TIME, OUT_OF_SCALE, UNKNOWN_MOVIE
from recommender.schema import RATING_DTYPES, TAG_DTYPES, CleaningReport, Dataset
from tests.events.conftest import NOON, make_event

AT_NOON = int(NOON.timestamp())
Rows = dict[tuple[int, int], float]


def rows_of(additions: Additions) -> Rows:
    users, movies = additions.user_ids.tolist(), additions.movie_ids.tolist()
    return dict(zip(zip(users, movies, strict=True), additions.ratings.tolist(), strict=True))


def test_the_last_rating_of_each_movie_counts(store: EventStore) -> None:
    store.append(
        [
            make_event("1", user_id=1, movie_id=10, value=2.0),
            make_event("2", user_id=2, movie_id=10, value=3.0),
            make_event("3", user_id=1, movie_id=10, value=5.0, occurred_at=NOON - timedelta(9)),
            make_event("4", user_id=1, movie_id=11),
            make_event("5", "unrating", user_id=1, movie_id=11),
            make_event("6", "like", user_id=1, movie_id=10),
            make_event("7", "like", user_id=1, movie_id=12),
            make_event("8", "like", user_id=1, movie_id=13),
            make_event("9", "unlike", user_id=1, movie_id=13),
            make_event("10", "watch", user_id=1, movie_id=14),
        ]
    )
    found = read_site_data(store)
    assert rows_of(found.additions) == {(1, 10): 5.0, (2, 10): 3.0}
    assert found.additions.withdrawn_movies.tolist() == [11]
    assert (found.until, found.likes) == (9, 1)


def test_an_empty_store_adds_nothing(store: EventStore, tiny_dataset: Dataset) -> None:
    found = read_site_data(store)
    assert (found.until, found.likes, len(found.additions.ratings)) == (0, 0, 0)
    merged = merge(tiny_dataset, found.additions)
    pd.testing.assert_frame_equal(merged.ratings, tiny_dataset.ratings)


def test_a_later_reading_finds_what_an_earlier_one_found(store: EventStore) -> None:
    store.append([make_event("1", value=2.0)])
    first = read_site_data(store)
    store.append([make_event("2", value=5.0), make_event("3", "click", movie_id=9)])
    again = read_site_data(store, until=first.until)
    assert again.additions.digest == first.additions.digest
    assert read_site_data(store).additions.digest != first.additions.digest


def test_what_does_not_bear_on_training_changes_no_digest(store: EventStore) -> None:
    store.append([make_event("1")])
    before = read_site_data(store)
    store.append([make_event("2", "impression"), make_event("3", "watchlist")])
    after = read_site_data(store)
    assert (after.until, after.additions.digest) == (before.until, before.additions.digest)


def test_who_is_erased_is_forgotten_at_once(store: EventStore) -> None:
    store.append([make_event("1", user_id=1), make_event("2", user_id=2)])
    first = read_site_data(store)
    store.erase(1)
    again = read_site_data(store, until=first.until).additions
    assert rows_of(again) == {(2, 10): 4.0}
    assert again.forgotten == (1,)
    assert read_site_data(store).until > first.until


def test_no_clock_can_date_a_rating_after_its_receipt(sqlite: EventStore) -> None:
    received = datetime.now(UTC)
    sqlite.append([make_event("1", occurred_at=received.replace(year=received.year + 50))])
    sqlite.append([make_event("2", movie_id=11, occurred_at=NOON)])
    times = read_site_data(sqlite).additions.timestamps
    assert abs(times[0] - received.timestamp()) < 600
    assert times[1] == min(AT_NOON, times[0])


def additions(
    rated: Rows, *, withdrawn: tuple[tuple[int, int], ...] = (), forgotten: tuple[int, ...] = ()
) -> Additions:
    pairs = np.array(list(rated), dtype=np.int64).reshape(-1, 2)
    gone = np.array(withdrawn, dtype=np.int64).reshape(-1, 2)
    return Additions(
        user_ids=pairs[:, 0],
        movie_ids=pairs[:, 1],
        ratings=np.array(list(rated.values()), dtype=np.float64),
        timestamps=np.full(len(pairs), AT_NOON, dtype=np.int64),
        withdrawn_users=gone[:, 0],
        withdrawn_movies=gone[:, 1],
        forgotten=forgotten,
    )


def small(tiny_dataset: Dataset) -> Dataset:
    """Three ratings and three tags of two users, and a timestamp later than any addition's."""
    ratings = pd.DataFrame(
        {
            "user_id": [1, 2, 1],
            "movie_id": [5, 5, 6],
            "rating": [1.0, 2.0, 3.0],
            "timestamp": [100, 200, AT_NOON + 10**6],
        }
    ).astype(RATING_DTYPES)
    tags = pd.DataFrame(
        {"user_id": [1, 2, 1], "movie_id": [5, 5, 6], "tag": ["x", "y", "z"], "timestamp": 1}
    ).astype(TAG_DTYPES)
    cleaning = CleaningReport(5, 3, {"duplicate": 2}, {"duplicate": ["row 7"]})
    return replace(tiny_dataset, ratings=ratings, tags=tags, cleaning=cleaning)


def pairs_of(dataset: Dataset) -> Rows:
    rows = dataset.ratings.itertuples(index=False)
    return {(int(row.user_id), int(row.movie_id)): float(row.rating) for row in rows}


def test_a_later_rating_wins_whatever_its_timestamp(tiny_dataset: Dataset) -> None:
    base = small(tiny_dataset)
    merged = merge(base, additions({(1, 6): 5.0, (3, 5): 4.0}))
    assert pairs_of(merged) == {(1, 5): 1.0, (2, 5): 2.0, (1, 6): 5.0, (3, 5): 4.0}
    assert merged.ratings.dtypes.astype(str).to_dict() == RATING_DTYPES
    assert merged.ratings["timestamp"].is_monotonic_increasing
    assert merged.cleaning is not None
    assert merged.cleaning.removed == {"duplicate": 2, REPLACED: 1}
    assert (merged.cleaning.rows_read, merged.cleaning.rows_kept) == (7, 4)
    assert base.cleaning is not None
    assert base.cleaning.removed == {"duplicate": 2}


def test_forgotten_users_are_gone_from_ratings_and_tags(tiny_dataset: Dataset) -> None:
    merged = merge(small(tiny_dataset), additions({}, forgotten=(1, 10**12)))
    assert pairs_of(merged) == {(2, 5): 2.0}
    assert merged.tags is not None
    assert merged.tags["user_id"].tolist() == [2]
    assert merged.cleaning is not None
    assert merged.cleaning.removed[FORGOTTEN] == 2
    assert [(item.file, item.rows) for item in merged.cleaning.elsewhere] == [("tags", 2)]
    assert not any("user_id" in example for example in merged.cleaning.examples[FORGOTTEN])


def test_a_forgotten_user_may_have_begun_anew(tiny_dataset: Dataset) -> None:
    merged = merge(small(tiny_dataset), additions({(1, 7): 4.5}, forgotten=(1,)))
    assert pairs_of(merged) == {(2, 5): 2.0, (1, 7): 4.5}


def test_withdrawn_ratings_are_gone(tiny_dataset: Dataset) -> None:
    merged = merge(small(tiny_dataset), additions({}, withdrawn=((1, 5), (9, 9), (2**40, 1))))
    assert pairs_of(merged) == {(2, 5): 2.0, (1, 6): 3.0}
    assert merged.cleaning is not None
    assert merged.cleaning.removed[WITHDRAWN] == 1


def test_what_the_data_set_cannot_hold_is_counted(tiny_dataset: Dataset) -> None:
    strange = additions({(1, 999): 4.0, (2**40, 5): 4.0, (4, 5): 9.0, (5, 5): 4.0, (1, 2**40): 3.0})
    strange.timestamps[3] = -1
    merged = merge(small(tiny_dataset), strange)
    assert pairs_of(merged) == pairs_of(small(tiny_dataset))
    assert merged.cleaning is not None
    counts = {UNKNOWN_MOVIE: 2, ID_TOO_LARGE: 1, OUT_OF_SCALE: 1, IMPOSSIBLE_TIME: 1}
    assert merged.cleaning.removed == {"duplicate": 2, **counts}
    assert len(merged.cleaning.examples[UNKNOWN_MOVIE]) == 2


def test_the_digest_tells_every_change(tiny_dataset: Dataset) -> None:
    plain = additions({(1, 6): 5.0, (3, 5): 4.0})
    changed = [
        additions({(1, 6): 5.0, (3, 5): 4.5}),
        additions({(1, 6): 5.0}),
        additions({(1, 6): 5.0, (3, 5): 4.0}, withdrawn=((1, 1),)),
        additions({(1, 6): 5.0, (3, 5): 4.0}, forgotten=(1,)),
        additions({}),
    ]
    digests = {merge(tiny_dataset, one).digest for one in (plain, *changed)}
    assert len(digests | {tiny_dataset.digest}) == 7


RATED = st.dictionaries(
    st.tuples(st.integers(1, 6), st.integers(1, 6)), st.sampled_from([1.0, 5.0])
)


@settings(max_examples=40)
@given(RATED, RATED, st.sets(st.integers(1, 6)), st.randoms(use_true_random=False))
def test_merging_is_the_last_word_of_each(
    tiny_dataset: Dataset, base: Rows, later: Rows, forgotten: set[int], shuffle: object
) -> None:
    frame = pd.DataFrame(
        {
            "user_id": [user for user, _ in base],
            "movie_id": [movie for _, movie in base],
            "rating": list(base.values()),
            "timestamp": range(len(base)),
        }
    ).astype(RATING_DTYPES)
    data = replace(tiny_dataset, ratings=frame, tags=None, cleaning=None)
    merged = merge(data, additions(later, forgotten=tuple(sorted(forgotten))))
    left = {pair: stars for pair, stars in base.items() if pair[0] not in forgotten}
    assert pairs_of(merged) == {**left, **later}
    assert merged.cleaning is not None
    assert merged.cleaning.rows_read == len(base) + len(later)
    assert merged.cleaning.rows_kept + sum(merged.cleaning.removed.values()) == len(base) + len(
        later
    )
    order = list(later.items())
    shuffle.shuffle(order)  # type: ignore[attr-defined]
    assert additions(dict(order)).digest == additions(later).digest
