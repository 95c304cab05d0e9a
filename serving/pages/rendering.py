"""From values to pages."""

from __future__ import annotations

import gzip
from typing import Any

from flask import Blueprint, Flask, Response, g, render_template, request

from serving.pages import forms, static_files, words
from serving.pages.posters import address as poster
from serving.pages.visits import remember, visit
from serving.services import services

THEME = "theme"
THEMES = ("light", "dark")
#: What was done, by the word that a form's answer carries.
NOTICES = {
    "rated": "Your rating is saved. Your lists follow it at once.",
    "unrated": "Your rating is removed.",
    "listed": "Added to your watchlist.",
    "unlisted": "Removed from your watchlist.",
    "refused": "It will not be recommended to you again.",
    "unrefused": "It may be recommended to you again.",
    "signed-in": "You are signed in.",
    "signed-out": "You are signed out.",
    "erased": "Everything stored about you is erased.",
    "rolled-back": "The model before answers again.",
    "retrain-asked": "The retraining is asked for; the next round of monitoring decides on it.",
    "promotion-asked": "The promotion is asked for; the publisher carries it out within seconds.",
    "theme": "The colours are changed.",
}
#: A level at which a page shrinks to a fifth in about a millisecond.
_LEVEL = 5
_WORTH_COMPRESSING = 1400


def page_blueprint(name: str, import_name: str) -> Blueprint:
    """Return a blueprint whose routes are pages: forms are checked, cookies are kept."""
    made = Blueprint(f"{name}_pages", import_name)
    made.before_request(forms.check_token)
    made.after_request(finish)
    return made


def init_app(app: Flask) -> None:
    """Give the templates of ``app`` what they speak with."""
    app.jinja_env.trim_blocks = app.jinja_env.lstrip_blocks = True
    app.jinja_env.globals |= {
        "asset": static_files.address,
        "poster": poster,
        "form_token": forms.token,
        "visit": visit,
    }
    app.jinja_env.filters |= words.FILTERS


def render(template: str, status: int = 200, **values: Any) -> Response:
    """Return a page.

    Args:
        template: Its file.
        status: The HTTP status.
        values: What it shows.
    """
    given = request.cookies.get(forms.NOTICE, "")
    theme = request.cookies.get(THEME, "")
    served = services().models.current()
    html = render_template(
        template,
        notice=NOTICES.get(given),
        theme=theme if theme in THEMES else "",
        here=_here(),
        model_version=None if served is None else served.version,
        settings=services().settings.pages,
        **values,
    )
    g.notice_shown = bool(given)
    return Response(html, status, mimetype="text/html")


def finish(response: Response) -> Response:
    """Complete the answer of a page, once: cookies, caching, compression."""
    if g.get("page_finished"):
        return response
    g.page_finished = True
    remember(response)
    if g.get("notice_shown"):
        response.delete_cookie(forms.NOTICE, httponly=True, samesite="Lax")
    response.headers.setdefault("Cache-Control", "private, no-cache")
    response.vary.update(("Cookie", "Accept-Encoding"))
    return compressed(response)


def compressed(response: Response) -> Response:
    """Return the answer, compressed where that pays and the browser takes it."""
    plain = response.mimetype == "text/html" and not response.content_encoding
    if plain and request.accept_encodings["gzip"] > 0:
        content = response.get_data()
        if len(content) > _WORTH_COMPRESSING:
            response.set_data(gzip.compress(content, _LEVEL))
            response.content_encoding = "gzip"
    return response


def _here() -> str:
    """Return the page that is shown, as a form's ``next``; a form's own answer has none."""
    path = request.full_path.rstrip("?")
    return path if request.method == "GET" and forms.is_own_path(path) else "/"
