"""What a page knows of whoever looks at it: their history, their ratings, their lists."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field, replace
from typing import Any

from events.records import UserHistory
from serving.lists import Asked, Shown, history_of, show, viewer_of
from serving.models.loading import ServedModel
from serving.pages.visits import Visit, visit
from serving.services import services

Plain = dict[str, Any]


@dataclass(frozen=True)
class Looker:
    """Whoever looks at a page, at one moment.

    Attributes:
        visit: Their browser.
        history: What they did since the model's data; empty for someone without a user id.
        ratings: Stars that they gave, by movie; the model's data included.
        liked: Movies to which they gave much, the latest first.
    """

    visit: Visit
    history: UserHistory
    ratings: dict[int, float] = field(default_factory=dict)
    liked: tuple[int, ...] = ()

    @property
    def user_id(self) -> int | None:
        """As whom lists are made."""
        return self.visit.user_id

    @property
    def has_history(self) -> bool:
        """Whether they rated or liked anything."""
        return bool(self.ratings or self.history.movie_ids)


def looker(served: ServedModel | None) -> Looker:
    """Return whoever makes this request.

    Raises:
        StoreUnavailable: Their history cannot be read.
    """
    who = visit()
    history = UserHistory(who.user_id or 0, 0)
    if who.user_id is not None:
        history = history_of(services(), who.user_id, services().events.watermark(who.user_id))
    known: dict[int, float] = {}
    if served is not None and who.user_id is not None and not history.erased:
        movies, stars = served.recommender.history(who.user_id)
        known = dict(zip(movies.tolist(), stars.tolist(), strict=True))
    given = dict(zip(history.movie_ids, history.ratings, strict=True))
    return Looker(
        who,
        history,
        known | {movie: stars for movie, stars in given.items() if stars is not None},
        _liked(known, given, served),
    )


def listed(asked: Asked) -> Shown:
    """Return a list for the visitor, made as `serving.lists.show` makes any."""
    return show(services(), replace(asked, user_id=visit().user_id))


def predicted(
    served: ServedModel | None, who: Looker, movie_ids: Sequence[int]
) -> dict[int, float]:
    """Return the stars that the visitor would give; nothing for someone of whom nothing is known.

    Args:
        served: The model.
        who: The visitor.
        movie_ids: Of the catalogue.
    """
    if served is None or not who.has_history or not movie_ids:
        return {}
    viewer = viewer_of(served.recommender, Asked(user_id=who.user_id), who.history)
    found = served.recommender.estimate_for_history(
        viewer.movie_ids, viewer.ratings, movie_ids, user_id=viewer.user_id
    )
    return dict(zip(movie_ids, found.ratings.tolist(), strict=True))


def with_predictions(
    served: ServedModel | None, who: Looker, lists: list[Shown]
) -> dict[int, float]:
    """Return the predicted stars of all movies of some lists, asked for at once."""
    wanted = list(dict.fromkeys(movie for shown in lists for movie in shown.movie_ids))
    return predicted(served, who, wanted)


def known_to(who: Looker) -> tuple[int, ...]:
    """Return the movies that are not to be recommended, for lists that do not know the visitor."""
    return tuple({*who.history.seen, *who.ratings})


def _liked(
    known: dict[int, float], given: dict[int, float | None], served: ServedModel | None
) -> tuple[int, ...]:
    """Return what was given four fifths of the stars or a like, the latest first."""
    if served is None:
        return ()
    enough = 0.8 * served.recommender.scale.maximum
    earlier = {movie: stars for movie, stars in known.items() if movie not in given}
    merged: dict[int, float | None] = {**earlier, **given}
    return tuple(
        movie
        for movie, stars in reversed(merged.items())
        if (stars is None or stars >= enough) and served.recommender.has(movie)
    )
