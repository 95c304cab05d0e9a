"""The web page: server-rendered, on the functions that the API's routes stand on."""

from __future__ import annotations

from flask import Flask

from serving.pages import (
    account,
    attention,
    browse,
    failures,
    home,
    lists,
    model,
    movie,
    ops,
    posters,
    privacy,
    rate,
    rendering,
    search,
    static_files,
    visits,
)

_PAGES = (
    home,
    search,
    movie,
    browse,
    lists,
    rate,
    account,
    model,
    privacy,
    posters,
    ops,
    attention,
)


def init_app(app: Flask) -> None:
    """Give ``app`` its pages."""
    for room in (visits, static_files, posters, rendering, attention, failures):
        room.init_app(app)
    for pages in _PAGES:
        app.register_blueprint(pages.blueprint)
