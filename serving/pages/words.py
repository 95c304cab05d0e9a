"""What numbers and names of the API are called on a page."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from datetime import UTC, datetime, timedelta
from typing import Any

from events.schema import EventKind

#: What a list or a score was made from, in a word and in a sentence.
PATHS = {
    "personal": ("Your history", "Made from the ratings that the model was trained on."),
    "fold-in": ("Your ratings just now", "Your latest ratings are folded in, without training."),
    "content": ("Content", "Made from what the film is about and who made it."),
    "popular": ("Popular", "Made from what many people watch; nothing here is personal."),
}
RECOMMENDERS = {
    "hybrid": ("For you", "The best blend of everything the model knows."),
    "taste": ("Similar taste", "What people who like your films watch too."),
    "content": ("Same content", "Films with the subjects and makers of those you liked."),
    "popular": ("Popular", "What is watched now, by everyone."),
    "surprise": ("Surprise me", "The roulette: good odds for good films, and luck for the rest."),
}
_LANGUAGES = {
    "ar": "Arabic",
    "cs": "Czech",
    "da": "Danish",
    "de": "German",
    "el": "Greek",
    "en": "English",
    "es": "Spanish",
    "fa": "Persian",
    "fi": "Finnish",
    "fr": "French",
    "hi": "Hindi",
    "hu": "Hungarian",
    "it": "Italian",
    "ja": "Japanese",
    "ko": "Korean",
    "nl": "Dutch",
    "no": "Norwegian",
    "pl": "Polish",
    "pt": "Portuguese",
    "ro": "Romanian",
    "ru": "Russian",
    "sv": "Swedish",
    "th": "Thai",
    "tr": "Turkish",
    "zh": "Chinese",
}
_DEEDS: Mapping[str, str] = {
    EventKind.CLICK: "opened from a list",
    EventKind.UNRATING: "removed the rating",
    EventKind.LIKE: "liked",
    EventKind.UNLIKE: "no longer liked",
    EventKind.NOT_INTERESTED: "not interested",
    EventKind.INTERESTED: "may be recommended again",
    EventKind.WATCHLIST: "put on the watchlist",
    EventKind.UNWATCHLIST: "taken off the watchlist",
}
_HOUR = 60
_MINUS = "\N{MINUS SIGN}"


def stars(value: float) -> str:
    """Return stars as they are said.

    >>> stars(4.0), stars(3.5), stars(1.0)
    ('4 stars', '3½ stars', '1 star')
    """
    whole, half = divmod(round(2 * value), 2)
    text = f"{whole or ''}{'½' if half else ''}" or "0"
    return f"{text} star" if (whole, half) in ((1, 0), (0, 1)) else f"{text} stars"


def runtime(minutes: int) -> str:
    """Return a length in hours and minutes.

    >>> runtime(101), runtime(60), runtime(9)
    ('1 h 41 min', '1 h', '9 min')
    """
    hours, rest = divmod(minutes, _HOUR)
    parts = [f"{hours} h" if hours else "", f"{rest} min" if rest else ""]
    return " ".join(filter(None, parts))


def language(code: str) -> str:
    """Return the name of a language, or its code where it is not known here."""
    return _LANGUAGES.get(code, code)


def signed(value: float) -> str:
    """Return a contribution with its sign; its minus is one that screen readers say.

    >>> signed(0.12345), signed(-0.0001)
    ('+0.123', '0.000')
    """
    text = f"{abs(value):.3f}"
    if not float(text):
        return text
    return f"{_MINUS if value < 0 else '+'}{text}"


def day(seconds_or_text: float | str) -> str:
    """Return the day of a Unix time or of an ISO 8601 time, UTC.

    >>> day(0), day("2026-01-02T03:04:05+00:00")
    ('1 January 1970', '2 January 2026')
    """
    if isinstance(seconds_or_text, str):
        time = datetime.fromisoformat(seconds_or_text)
    else:
        time = datetime.fromtimestamp(seconds_or_text, UTC)
    return f"{time.day} {time:%B %Y}"


def ago(age: timedelta) -> str:
    """Return how long ago something was, in its largest unit.

    >>> ago(timedelta(days=3, hours=5)), ago(timedelta(hours=1)), ago(timedelta(seconds=9))
    ('3 days ago', '1 hour ago', 'less than a minute ago')
    """
    for unit, seconds in (("day", 86_400), ("hour", 3_600), ("minute", 60)):
        count = int(age.total_seconds() // seconds)
        if count >= 1:
            return f"{count} {unit}{'s' if count > 1 else ''} ago"
    return "less than a minute ago"


def deed(event: Mapping[str, Any]) -> str:
    """Return what somebody did, as `events.schema.Event` names it, in words.

    >>> deed({"kind": "rating", "value": 4.5}), deed({"kind": "watchlist", "value": None})
    ('rated 4½ stars', 'put on the watchlist')
    """
    if event["value"] is None:
        return _DEEDS.get(event["kind"], event["kind"])
    if event["kind"] == EventKind.RATING:
        return f"rated {stars(event['value'])}"
    return f"watched {event['value']:g} minutes"


def path_word(path: str) -> str:
    """Return what a score was made from, in a word."""
    return PATHS[path][0]


def path_sentence(path: str) -> str:
    """Return what a score was made from, in a sentence."""
    return PATHS[path][1]


FILTERS: dict[str, Callable[..., Any]] = {
    "deed": deed,
    "stars": stars,
    "runtime": runtime,
    "language": language,
    "signed": signed,
    "day": day,
    "path_word": path_word,
    "path_sentence": path_sentence,
}
