"""Errors as pages, for browsers; clients of the API get problem details."""

from __future__ import annotations

from http import HTTPStatus

from flask import Flask, Response, render_template

from serving.edge import LONG_ADDRESS_PAGE, OVERLOADED_PAGE
from serving.pages.rendering import finish, render
from serving.problems import PAGE, Problem
from serving.request_ids import request_id

#: A heading and what to do, by status; the problem's own sentence stands between.
_WORDS = {
    400: ("That cannot be read", "Check the address, or go back and try again."),
    401: ("That key opens nothing here", "Check it, go back and try again."),
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
#: Pages that are made beforehand, without anything of a request, by the extension that keeps them.
_BARE = {
    OVERLOADED_PAGE: (
        503,
        "Full house",
        "More people are here than there are seats at this moment. Load the page again in a "
        "second.",
    ),
    LONG_ADDRESS_PAGE: (
        414,
        "That address is too long",
        "Go back, and ask for less: fewer words, or fewer wishes.",
    ),
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
        for place, (code, heading, text) in _BARE.items():
            page = render_template("bare_failure.html", code=code, heading=heading, text=text)
            app.extensions[place] = page.encode()


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
