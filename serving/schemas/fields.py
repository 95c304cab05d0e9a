"""The types of single fields."""

from __future__ import annotations

import re
from typing import Annotated, Any, Literal

from pydantic import BaseModel, BeforeValidator, ConfigDict, Field, Strict

from events.schema import LARGEST_ID, LONGEST_TEXT_ID
from recommender.inference.choices import LARGEST_SEED, LONGEST_WISH, MOST_WISHES, WISH_PATTERN

# JSON Schema takes 5.0 for an integer too.
_WHOLE = re.compile(r"(-?[0-9]{1,20})(?:\.0{1,3})?", re.ASCII)
_TRUTH = {"true": True, "false": False}


def _whole(text: Any) -> Any:
    """Return digits as a number, so that ``1_0`` is none."""
    if isinstance(text, str):
        found = _WHOLE.fullmatch(text)
        return int(found[1]) if found else "not a whole number"
    return text


def _split(texts: Any) -> Any:
    """Return ids that are given as ``1,2`` and ``3`` as one list."""
    if isinstance(texts, list):
        return [part for text in texts for part in str(text).split(",")]
    return texts


def _truth(text: Any) -> Any:
    return _TRUTH.get(text, "neither true nor false") if isinstance(text, str) else text


_ID = Field(ge=0, le=LARGEST_ID)
_YEAR = Field(ge=1, le=9999)
# A constraint stands before the reader of text, or pydantic leaves it out of the schema.
TextWhole = BeforeValidator(_whole)
TextId = Annotated[int, _ID, TextWhole]
JsonId = Annotated[int, Strict(), _ID]
TextYear = Annotated[int, _YEAR, TextWhole]
JsonYear = Annotated[int, Strict(), _YEAR]
Genre = Annotated[str, Field(min_length=1, max_length=50)]
Genres = Annotated[
    list[Genre], Field(max_length=20, description="Only movies that have one of these genres.")
]
TextFlag = Annotated[bool, BeforeValidator(_truth)]
Share = Annotated[float, Field(ge=0, le=1, allow_inf_nan=False)]
TextIds = Annotated[list[TextId], Field(max_length=1000), BeforeValidator(_split)]
JsonIds = Annotated[list[JsonId], Field(max_length=1000)]
_LENGTH = Field(ge=1, description="Most movies.")
Length = Annotated[int, _LENGTH, TextWhole]
JsonLength = Annotated[int, Strict(), _LENGTH]
TextId128 = Annotated[
    str,
    Strict(),
    Field(min_length=1, max_length=LONGEST_TEXT_ID, pattern=r"^[!-~]+$"),
]
RecommenderField = Literal["hybrid", "taste", "content", "popular", "surprise"]
WishText = Annotated[str, Field(max_length=LONGEST_WISH, pattern=WISH_PATTERN)]
Wishes = Annotated[
    list[WishText],
    Field(
        max_length=MOST_WISHES,
        description="More or less of something: `kind:name:strength` with the kind genre, era, "
        "person or movie, and a strength from -1 to 1, as in `genre:Drama:0.5`.",
    ),
]
TextSeed = Annotated[int, Field(ge=0, le=LARGEST_SEED, description="Of `surprise`."), TextWhole]
JsonSeed = Annotated[int, Strict(), Field(ge=0, le=LARGEST_SEED)]
ScorePathName = Literal["personal", "fold-in", "content", "popular"]


class Given(BaseModel):
    """Whatever is sent: fields that are not known are refused."""

    model_config = ConfigDict(extra="forbid", frozen=True)


class Answer(BaseModel):
    """Whatever is answered; documents, and checks in tests."""

    model_config = ConfigDict(extra="forbid", protected_namespaces=())
