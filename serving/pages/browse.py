"""The catalogue in pages, by filters that stand in the address."""

from __future__ import annotations

from urllib.parse import urlencode

from flask import Response, request
from pydantic import ValidationError

from serving.model_now import model_now
from serving.pages.field_errors import field_problem
from serving.pages.forms import see
from serving.pages.rendering import page_blueprint, render
from serving.pages.viewing import looker, predicted
from serving.routes.movies import page_of
from serving.schemas.given import BrowseQuery

blueprint = page_blueprint("browse", __name__)
_LENGTH = 36
#: What the order of nothing chosen is called: by relevance to what is searched for, else this.
SORTS = {"": "Best first", "popularity": "Most rated", "year": "Newest", "title": "Title"}
#: What an address may say, and what it is called where it is wrong.
_LABELS = {
    "query": "Words",
    "genre": "Genre",
    "year": "Year",
    "year_from": "From year",
    "year_to": "To year",
    "person": "Person",
    "keyword": "Subject",
    "sort": "Order",
    "cursor": "Page",
    "limit": "Films a page",
}
_PARAMETERS = frozenset(_LABELS) - {"query"} | {"q"}


@blueprint.get("/movies")
def browse() -> Response:
    """Answer with one page of the catalogue."""
    given = request.args.to_dict(flat=False)
    # ``query`` is the API's word for ``q``.
    given |= {"q": given.get("q") or given.get("query", [])}
    kept = {name: texts for name, texts in given.items() if name in _PARAMETERS and any(texts)}
    if kept != request.args.to_dict(flat=False):
        # A form sends empty fields too, and other sites add marks of their own; the address says
        # what was chosen and nothing else.
        return see(f"/movies?{urlencode(kept, doseq=True)}".rstrip("?"))
    query = _query(kept)
    served = model_now()
    found = page_of(served, query)
    who = looker(served)
    after = {name: texts for name, texts in kept.items() if name != "cursor"}
    return render(
        "browse.html",
        asked=query,
        found=found,
        who=who,
        predicted=predicted(served, who, [item["movie_id"] for item in found["items"]]),
        genres=served.recommender.browser.genres,
        span=served.recommender.browser.year_span,
        sorts=SORTS,
        first_page=f"/movies?{urlencode(after, doseq=True)}",
        next_page=_next(after, found["next_cursor"]),
    )


def _query(given: dict[str, list[str]]) -> BrowseQuery:
    """Return what is asked for, in the words of the API's own route."""
    plain = {name: texts if name == "genre" else texts[-1] for name, texts in given.items()}
    if "q" in plain:
        plain["query"] = plain.pop("q")
    try:
        return BrowseQuery.model_validate({"limit": str(_LENGTH), **plain})
    except ValidationError as error:
        raise field_problem(error, _LABELS) from None


def _next(given: dict[str, list[str]], cursor: str | None) -> str | None:
    if cursor is None:
        return None
    return f"/movies?{urlencode({**given, 'cursor': cursor}, doseq=True)}"
