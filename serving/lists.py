"""The one place that makes a list: one model, one history, one request.

`make` is a pure function of the three, so that a list that was shown can be made again. `show`
makes a list now: it reads the user's history, asks the cache, and logs what is shown.
"""

from __future__ import annotations

import json
import time
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, fields, replace
from datetime import UTC, datetime
from typing import Any, Self

from events.records import ServedList, UserHistory, WrittenItems, WrittenRequest
from recommender.errors import UsageError
from recommender.inference import Choice, Diversity, Recommender, Wanted, Wish
from recommender.inference.choices import RecommenderName
from recommender.inference.explanations import Reason
from recommender.scorer import Recommendations, ScorePath
from serving.ids import new_list_id
from serving.metrics import Metrics, metrics
from serving.models.loading import ServedModel
from serving.observing import list_shown
from serving.services import Services

Plain = dict[str, Any]


@dataclass(frozen=True)
class Asked:
    """Everything that is asked for; with a model and a history it decides a list.

    Attributes:
        user_id: For whom, or ``None`` for an anonymous visitor.
        k: Length of the list.
        genres: A movie has one of these; any where there are none.
        year_from: A movie is of this year or later.
        year_to: A movie is of this year or earlier.
        exclude_ids: Movies that are not shown.
        diversity: Strength of the variety, from 0 to 1.
        explain: Whether reasons are given.
        movie_ids: What an anonymous visitor likes or has rated, oldest first.
        ratings: Stars of each, or ``None`` for a like.
        similar_to: The movie to which others are similar, or ``None``.
        recommender: Who makes the list, one of `recommender.inference.choices.RECOMMENDERS`.
        wishes: What there should be more or less of, each as `Wish.parse` reads it.
        seed: Of the roulette.
    """

    user_id: int | None = None
    k: int = 20
    genres: tuple[str, ...] = ()
    year_from: int | None = None
    year_to: int | None = None
    exclude_ids: tuple[int, ...] = ()
    diversity: float = 0.0
    explain: bool = False
    movie_ids: tuple[int, ...] = ()
    ratings: tuple[float | None, ...] = ()
    similar_to: int | None = None
    recommender: RecommenderName = "hybrid"
    wishes: tuple[str, ...] = ()
    seed: int = 0

    def to_plain(self) -> Plain:
        """Return what was asked as JSON has it."""
        return {item.name: _listed(getattr(self, item.name)) for item in fields(self)}

    @classmethod
    def from_plain(cls, plain: Mapping[str, Any]) -> Self:
        """Return what `to_plain` made ``plain`` of."""
        given: dict[str, Any] = {
            name: tuple(value) if isinstance(value, list) else value
            for name, value in plain.items()
        }
        return cls(**given)

    @property
    def wanted(self) -> Wanted:
        """What a movie must be."""
        return Wanted(self.genres, self.year_from, self.year_to, self.exclude_ids)

    @property
    def choice(self) -> Choice:
        """Who makes the list, and what is wished.

        Raises:
            UsageError: A wish is not one.
        """
        return Choice(self.recommender, tuple(map(Wish.parse, self.wishes)), self.seed)

    @property
    def reranking(self) -> Diversity | None:
        """How the list is re-ranked."""
        return Diversity(variety=self.diversity) if self.diversity else None


@dataclass(frozen=True, eq=False)
class MadeList:
    """A list before it is shown to anyone; it may be shown many times.

    Kept as it is sent and logged: a cache of thousands of lists would else hold a hundred thousand
    small objects, which take five times the memory and are looked through again and again.

    Attributes:
        path: What it was made from.
        movie_ids: What stands in each place.
        json: The answer as JSON, but for the opening brace and the id of the list.
        logged: What stands in each place, as the log has it: movie, score, path.
        request: What was asked, as the log has it.
    """

    path: str
    movie_ids: tuple[int, ...]
    json: bytes
    logged: WrittenItems
    request: WrittenRequest

    @property
    def items(self) -> list[Plain]:
        """What stands in each place, as the answer has it."""
        found: list[Plain] = json.loads(b"{" + self.json)["items"]
        return found

    @property
    def n_bytes(self) -> int:
        """About what it takes in memory."""
        return len(self.json) + len(self.logged.json) + len(self.request.json)


@dataclass(frozen=True, eq=False)
class Shown:
    """A list that is shown.

    Attributes:
        recommendation_id: Its id.
        made: The list.
        model_version: Version of the model, or ``None`` where there was none.
    """

    recommendation_id: str
    made: MadeList
    model_version: str | None

    @property
    def json(self) -> bytes:
        """The answer."""
        return b'{"recommendation_id":"%s",%s' % (self.recommendation_id.encode(), self.made.json)

    @property
    def movie_ids(self) -> tuple[int, ...]:
        """The movies, best first."""
        return self.made.movie_ids


def show(services: Services, asked: Asked) -> Shown:
    """Make the list that is asked for, from the model of this moment, and log it.

    Raises:
        StoreUnavailable: The user's history cannot be read, so that what they have seen is not
            known.
        UsageError: The request does not fit the model: stars off its scale, an unknown movie.
    """
    started = time.perf_counter()
    served, digest, watermark = _moment(services, asked)
    made = services.cache.get((digest, watermark, asked))
    if made is None:
        history = history_of(services, asked.user_id, watermark)
        watermark = history.watermark
        made = (
            _timed(services, served, asked, history)
            if served
            else _without_model(services, asked, history)
        )
        services.cache.put((digest, watermark, asked), made, made.n_bytes)
    shown = Shown(new_list_id(), made, served.version if served else None)
    _note(services, metrics(), shown, asked, (digest, watermark, started))
    return shown


def show_again(services: Services, asked: Asked, counted: Metrics) -> Shown | None:
    """Show a list as `show` does where it is in the cache, and else do nothing.

    Args:
        services: Of the application.
        asked: The request.
        counted: The application's metrics; it need not be the current one.

    Raises:
        StoreUnavailable: As `show`.
    """
    started = time.perf_counter()
    served, digest, watermark = _moment(services, asked)
    made = services.cache.find((digest, watermark, asked))
    if made is None:
        return None
    shown = Shown(new_list_id(), made, served.version if served else None)
    _note(services, counted, shown, asked, (digest, watermark, started))
    return shown


def _moment(services: Services, asked: Asked) -> tuple[ServedModel | None, str | None, int]:
    """Return the model, its digest and the user's watermark, as of now."""
    served = services.models.current()
    watermark = 0 if asked.user_id is None else services.events.watermark(asked.user_id)
    return served, served.digest if served else None, watermark


def _note(
    services: Services,
    counted: Metrics,
    shown: Shown,
    asked: Asked,
    moment: tuple[str | None, int, float],
) -> None:
    """Count and log a list that is shown, of a digest and a watermark, begun at some time."""
    digest, watermark, started = moment
    made = shown.made
    counted.list_made(made.path)
    services.served.put(
        ServedList(
            recommendation_id=shown.recommendation_id,
            served_at=datetime.now(tz=UTC),
            user_id=asked.user_id,
            model_version=shown.model_version,
            bundle_digest=digest,
            request=made.request,
            watermark=watermark,
            items=made.logged,
        )
    )
    list_shown(services, made.logged, digest, asked.user_id, started)


def history_of(services: Services, user_id: int | None, watermark: int) -> UserHistory:
    """Return what a user did since the data of the model, at least as far as ``watermark``."""
    if user_id is None or watermark == 0:
        return UserHistory(user_id or 0, 0)
    return services.events.history(user_id)


def make(served: ServedModel, asked: Asked, history: UserHistory) -> MadeList:
    """Return the list that a model makes; the same arguments make the same list.

    Args:
        served: The model.
        asked: The request.
        history: What the user did since the model's data; empty for an anonymous visitor.

    Raises:
        UsageError: The request does not fit the model.
    """
    if asked.similar_to is not None:
        return _similar(served, asked)
    recommender = served.recommender
    viewer = viewer_of(recommender, asked, history)
    wanted = asked.wanted
    if history.seen:
        wanted = replace(wanted, excluded=wanted.excluded + history.seen)
    found = recommender.recommend_for_history(
        viewer.movie_ids,
        viewer.ratings,
        asked.k,
        user_id=viewer.user_id,
        diversity=asked.reranking,
        wanted=wanted,
        choice=asked.choice,
    )
    items = _items(recommender, found)
    if asked.explain:
        given = reasons(recommender, viewer, found.movie_ids.tolist(), asked.choice)
        for item, found_reasons in zip(items, given, strict=True):
            item["reasons"] = found_reasons
    head = _head(served, asked, found.path)
    if asked.movie_ids:
        head["unknown_movies"] = found.unknown_movies
    return _made(asked, head, items)


@dataclass(frozen=True)
class ViewerHistory:
    """What a model is told of someone.

    Attributes:
        user_id: As whom the model may know them, or ``None``.
        movie_ids: What they rated or liked that the model does not know of, oldest first.
        ratings: Stars of each, or ``None`` for a like.
    """

    user_id: int | None
    movie_ids: tuple[int, ...]
    ratings: tuple[float | None, ...]


def viewer_of(recommender: Recommender, asked: Asked, history: UserHistory) -> ViewerHistory:
    """Return what a model is told of whoever asks.

    An erased user is a stranger to the model. An opinion that the model was trained on is not
    news, and stars off the model's scale (a store outlives scales) count as its nearest.
    """
    if asked.user_id is None:
        return ViewerHistory(None, asked.movie_ids, asked.ratings)
    user_id = None if history.erased else asked.user_id
    if not history.movie_ids:
        return ViewerHistory(user_id, (), ())
    known = {} if user_id is None else _trained_on(recommender, user_id)
    scale = recommender.scale
    news = [
        (movie, None if stars is None else min(max(stars, scale.minimum), scale.maximum))
        for movie, stars in zip(history.movie_ids, history.ratings, strict=True)
        if stars is None or known.get(movie) != stars
    ]
    return ViewerHistory(user_id, tuple(m for m, _ in news), tuple(stars for _, stars in news))


def reasons(
    recommender: Recommender, viewer: ViewerHistory, movie_ids: Sequence[int], choice: Choice
) -> list[list[Plain]]:
    """Return the rated movies to which each movie owes its place, the strongest first."""
    explained = recommender.reasons(
        movie_ids,
        user_id=viewer.user_id,
        movie_ids=viewer.movie_ids,
        ratings=viewer.ratings,
        choice=choice,
    )
    return [[reason(recommender, one) for one in found] for found in explained]


def reason(recommender: Recommender, found: Reason) -> Plain:
    """Return a reason as the answer has it."""
    return {
        "movie_id": found.movie_id,
        "title": recommender.title(found.movie_id),
        "contribution": found.contribution,
        "drop": found.drop,
    }


def _trained_on(recommender: Recommender, user_id: int) -> dict[int, float]:
    movies, stars = recommender.history(user_id)
    return dict(zip(movies.tolist(), stars.tolist(), strict=True))


def _similar(served: ServedModel, asked: Asked) -> MadeList:
    recommender = served.recommender
    if asked.similar_to is None:
        raise UsageError("no movie is given", place="similar")
    movies, scores = recommender.similar(asked.similar_to, asked.k, wanted=asked.wanted)
    path: ScorePath = "content"
    found = Recommendations(None, movies, scores, path, (path,) * movies.size)
    head = {"movie_id": asked.similar_to, **_head(served, asked, found.path)}
    return _made(asked, head, _items(recommender, found))


def _items(recommender: Recommender, found: Recommendations) -> list[Plain]:
    return [
        {**card(recommender, movie_id), "score": score, "path": path}
        for movie_id, score, path in zip(
            found.movie_ids.tolist(), found.scores.tolist(), found.item_paths, strict=True
        )
    ]


def card(recommender: Recommender, movie_id: int) -> Plain:
    """Return what is shown of a movie wherever it is named."""
    title, year, genres = recommender.facts_shown(movie_id)
    return {"movie_id": movie_id, "title": title, "year": year, "genres": genres}


def _head(served: ServedModel, asked: Asked, path: str) -> Plain:
    return {
        "user_id": asked.user_id,
        "model_version": served.version,
        "model_digest": served.digest,
        "path": path,
    }


def _made(asked: Asked, head: Plain, items: list[Plain]) -> MadeList:
    logged = [
        {"movie_id": item["movie_id"], "score": item["score"], "path": item["path"]}
        for item in items
    ]
    text = json.dumps({**head, "items": items}, ensure_ascii=False, separators=(",", ":"))
    return MadeList(
        path=head["path"],
        movie_ids=tuple(item["movie_id"] for item in items),
        json=text[1:].encode(),
        logged=WrittenItems(logged),
        request=WrittenRequest(asked.to_plain()),
    )


def _timed(services: Services, served: ServedModel, asked: Asked, history: UserHistory) -> MadeList:
    """Make a list when it is its turn, and let the model be watched."""
    with services.making:
        start = time.perf_counter()
        failed = True
        try:
            made = make(served, asked, history)
            failed = False
        except UsageError:
            failed = False
            raise
        finally:
            services.models.observe(served, time.perf_counter() - start, failed=failed)
    return made


def _without_model(services: Services, asked: Asked, history: UserHistory) -> MadeList:
    """Return the popular films of the catalogue, marked as such."""
    head = {
        "user_id": asked.user_id,
        "model_version": None,
        "model_digest": None,
        "path": "popular",
    }
    films = services.catalogue.popular(
        asked.k,
        excluded={*asked.exclude_ids, *asked.movie_ids, *history.seen},
        genres=asked.genres,
        year_from=asked.year_from,
        year_to=asked.year_to,
    )
    items = [
        {
            "movie_id": film.movie_id,
            "title": film.title,
            "year": film.year,
            "genres": film.genres,
            "score": float(film.ratings),
            "path": "popular",
        }
        for film in films
    ]
    return _made(asked, head, items)


def _listed(value: Any) -> Any:
    return list(value) if isinstance(value, tuple) else value
