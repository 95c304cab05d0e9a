"""Signing in as a user of the data set, and the colours."""

from __future__ import annotations

from typing import Any

import numpy as np
from flask import Response, request

from serving.model_now import model_now
from serving.models.loading import ServedModel
from serving.pages import forms
from serving.pages.rendering import THEME, THEMES, page_blueprint, render
from serving.pages.visits import begin_anew, set_cookie, sign_in
from serving.problems import Problem

blueprint = page_blueprint("account", __name__)
_TRIED, _EXAMPLES = 24, 6
_TITLES = 3


@blueprint.get("/sign-in")
def sign_in_page() -> Response:
    """Answer with users to be."""
    served = model_now()
    ids = served.recommender.user_ids
    return render("sign_in.html", examples=examples(served), first=int(ids[0]), last=int(ids[-1]))


@blueprint.post("/sign-in")
def sign_in_form() -> Response:
    """Sign in."""
    text = request.form.get("user_id", "").strip()
    if not (text.isascii() and text.isdigit()):
        errors = [{"field": "Number", "problem": "must be digits, as in 5"}]
        raise Problem(422, "Give the number of a user.", kind="invalid", errors=errors)
    sign_in(int(text))
    return forms.back("/", "signed-in")


@blueprint.post("/sign-out")
def sign_out() -> Response:
    """Forget who the visitor was."""
    begin_anew()
    return forms.back("/", "signed-out")


@blueprint.post("/theme")
def theme() -> Response:
    """Keep the colours."""
    wanted = request.form.get("theme", "")
    if wanted not in THEMES:
        errors = [{"field": "theme", "problem": f"must be one of {', '.join(THEMES)}"}]
        raise Problem(422, "There are no such colours.", kind="invalid", errors=errors)
    response = forms.back("/")
    set_cookie(response, THEME, wanted, kept=True)
    return response


def examples(served: ServedModel) -> list[dict[str, Any]]:
    """Return some users of the data set with what they rated highest."""
    recommender = served.recommender
    ids = recommender.user_ids
    places = np.linspace(0, ids.size - 1, min(_TRIED, ids.size)).astype(int)
    histories = [(int(user), *recommender.history(int(user))) for user in ids[places]]
    # Whoever rated more shows more of what the model can do.
    histories.sort(key=lambda history: -history[1].size)
    found = []
    for user, movies, stars in sorted(histories[:_EXAMPLES], key=lambda history: history[0]):
        best = movies[np.argsort(-stars, kind="stable")[:_TITLES]].tolist()
        titles = [recommender.title(movie) for movie in best]
        found.append({"user_id": user, "n_ratings": movies.size, "titles": titles})
    return found
