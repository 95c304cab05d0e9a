"""Errors as pages, for browsers; clients of the API get problem details."""

from __future__ import annotations

from http import HTTPStatus

from flask import Flask, Response, render_template

from serving.edge import OVERLOADED_PAGE
from serving.pages.rendering import finish, render
from serving.problems import PAGE, Problem
from serving.request_ids import request_id

#: A heading and what to do, by status; the problem's own sentence stands between.
_WORDS = {
    403: ("That was refused", "Go back, load the page again and repeat it."),
    404: ("This seat is empty", "The film or page may be of another catalogue. Try the search."),
    405: ("Not like that", "Go back and use the page's own buttons."),
    409: ("That is stored already", "Nothing was changed."),
    413: ("That is too long", "Shorten it and try again."),
    422: ("Something does not fit", "Go back and correct it."),
    429: ("A little slower, please", "Wait a moment, then load the page again."),
    500: ("The projector failed", "It is noted. Try again; the rest of the house is open."),
    503: ("The house is being made ready", "This passes by itself. Load the page again shortly."),
}
_NO_MODEL = (
    "The first model is still in training",
    "Popular films are on the first page meanwhile; this page appears as soon as a model is let "
    "through.",
)


def init_app(app: Flask) -> None:
    """Show the problems of ``app`` as pages where a browser asks."""
    app.extensions[PAGE] = show
    with app.test_request_context("/"):
        page = render_template("overloaded.html")
    app.extensions[OVERLOADED_PAGE] = page.encode()


def show(problem: Problem) -> Response:
    """Return a problem as a page."""
    status = HTTPStatus(problem.status)
    heading, advice = _WORDS.get(problem.status, (status.phrase, "Try again."))
    if problem.kind == "no-model":
        heading, advice = _NO_MODEL
    values = {
        "heading": heading,
        "advice": advice,
        "detail": problem.detail,
        "errors": problem.errors,
        "code": int(status),
        "request_id": request_id(),
        "wait": problem.headers.get("Retry-After"),
    }
    response = render("failure.html", int(status), **values)
    response.headers.update(problem.headers)
    response.headers["Cache-Control"] = "no-store"
    return finish(response)
