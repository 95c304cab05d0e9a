"""A visitor's list, by the recommender and the controls that the address names; and why."""

from __future__ import annotations

from flask import Response, request

from recommender.inference import Recommender
from serving.model_now import model_now
from serving.pages.controls import Controls, decades, new_seed
from serving.pages.explaining import readable
from serving.pages.forms import see
from serving.pages.rendering import page_blueprint, render
from serving.pages.viewing import listed, looker, predicted
from serving.pages.visits import visit
from serving.pages.words import RECOMMENDERS
from serving.places import explain_place
from serving.problems import Problem
from serving.replays import history_then
from serving.routes.movies import facts_of
from serving.routes.predictions import prediction
from serving.services import services

blueprint = page_blueprint("lists", __name__)
_LENGTH = 24
_POCKETS = 12


@blueprint.get("/for-you")
def for_you() -> Response:
    """Answer with the list that the controls ask for."""
    controls = Controls.read(request.args.items(multi=True))
    if controls.by == "surprise" and controls.seed is None:
        return see(controls.other(seed=new_seed()))
    if controls.address != request.full_path.rstrip("?"):
        # Sliders in the middle and unknown parameters are left out, so that links stay short.
        return see(controls.address)
    served = model_now()
    who = looker(served)
    wheel = controls.by == "surprise"
    shown = listed(controls.asked(_POCKETS if wheel else _LENGTH))
    browser = served.recommender.browser
    return render(
        "for_you.html",
        controls=controls,
        recommenders=RECOMMENDERS,
        shown=shown,
        who=who,
        predicted=predicted(served, who, shown.movie_ids),
        facts={
            item["movie_id"]: served.recommender.credits_of(item["movie_id"])
            for item in shown.made.items
        },
        genres=browser.genres,
        decades=decades(browser.year_span),
        spin=controls.other(seed=new_seed()),
        wish_names=_wish_names(served.recommender, controls),
    )


@blueprint.get("/why/<recommendation_id>/<int:movie_id>")
def why(recommendation_id: str, movie_id: int) -> Response:
    """Answer with the reasons of one place of a list that the visitor was shown."""
    shown = services().served.served(recommendation_id)
    if shown is None or shown.user_id not in (None, visit().user_id):
        detail = "Reasons are shown to whom the list was made for, as long as it is kept."
        raise Problem(404, detail, kind="no-such-list")
    place = explain_place(services(), shown, movie_id)
    served = model_now()
    history = history_then(services(), shown)
    guess = prediction(served, shown.user_id, history, movie_id)
    return render(
        "why.html",
        place=place,
        place_parts=readable(served.recommender, place["parts"] or ()),
        movie=facts_of(served, movie_id),
        guess=guess,
        guess_parts=readable(served.recommender, guess["explanation"]["parts"]),
        request_was=shown.request,
        decision=_decision(shown.bundle_digest),
    )


def _decision(digest: str | None) -> dict[str, object] | None:
    record = None if digest is None else services().models.folder.record(digest)
    return None if record is None else record.decision


def _wish_names(recommender: Recommender, controls: Controls) -> dict[str, str]:
    """Return what wishes are called: a movie by its title, an era as one."""
    names = {}
    for wish in controls.wishes:
        name = wish.name
        if wish.kind == "movie" and recommender.has(int(wish.name)):
            name = f"like {recommender.title(int(wish.name))}"
        elif wish.kind == "era":
            name = f"{wish.name}s"
        names[str(wish)] = name
    return names
