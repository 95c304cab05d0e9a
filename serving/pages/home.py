"""The first page: search, and rows of films."""

from __future__ import annotations

from dataclasses import dataclass

from flask import Response

from serving.lists import Asked, Shown
from serving.models.loading import ServedModel
from serving.pages.rendering import page_blueprint, render
from serving.pages.viewing import Looker, known_to, listed, looker, with_predictions
from serving.services import services

blueprint = page_blueprint("home", __name__)
_LENGTH = 14
_BECAUSE = 2
_NEW_YEARS = 3


@dataclass(frozen=True)
class Row:
    """Films under a heading.

    Attributes:
        id: Names it in the page.
        heading: What it is.
        shown: The list.
        note: A line about it.
        more: Where there is more of it.
    """

    id: str
    heading: str
    shown: Shown
    note: str = ""
    more: str = ""


@blueprint.get("/")
def home() -> Response:
    """Answer with the first page."""
    served = services().models.current()
    who = looker(served)
    rows = [row for row in rows_for(served, who) if row.shown.movie_ids]
    predicted = with_predictions(served, who, [row.shown for row in rows])
    return render("home.html", who=who, rows=rows, predicted=predicted)


def rows_for(served: ServedModel | None, who: Looker) -> list[Row]:
    """Return the rows of someone: personal ones as far as they have a history."""
    popular = Asked(k=_LENGTH, recommender="popular")
    if served is None:
        return [Row("popular", "Popular films", listed(popular))]
    rows = []
    if who.has_history:
        rows = [Row("for-you", "For you", listed(Asked(k=_LENGTH)), more="/for-you")]
        rows += because(served, who)
    rows.append(Row("popular", "Popular now", listed(popular), more="/for-you?by=popular"))
    span = served.recommender.browser.year_span
    if span is not None:
        new = Asked(k=_LENGTH, recommender="popular", year_from=span[1] - _NEW_YEARS + 1)
        rows.append(Row("new", "New", listed(new), more="/movies?sort=year"))
    return rows


def because(served: ServedModel, who: Looker) -> list[Row]:
    """Return films like those that were liked last."""
    rows = []
    for place, movie in enumerate(who.liked[:_BECAUSE]):
        title = served.recommender.title(movie)
        asked = Asked(k=_LENGTH, similar_to=movie, exclude_ids=known_to(who))
        rows.append(Row(f"because-{place}", f"Because you liked {title}", listed(asked)))
    return rows
