"""The server's settings, from environment variables."""

from __future__ import annotations

import os
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

from recommender.errors import UsageError

BUNDLE = "MOVIE_ROULETTE_BUNDLE"


@dataclass(frozen=True)
class ServerSettings:
    """What a server needs to know.

    Attributes:
        bundle: Folder of the bundle to serve.
        max_k: Longest list that may be asked for.
    """

    bundle: Path
    max_k: int = 100

    @classmethod
    def from_environment(cls, environment: Mapping[str, str] | None = None) -> ServerSettings:
        """Return the settings that the environment names.

        Args:
            environment: ``os.environ`` unless given.

        Raises:
            UsageError: ``MOVIE_ROULETTE_BUNDLE`` is not set.
        """
        folder = (os.environ if environment is None else environment).get(BUNDLE, "")
        if not folder:
            raise UsageError(
                "is not set",
                place=BUNDLE,
                remedy="Set it to the folder of a bundle, as in docs/runbook.md.",
            )
        return cls(Path(folder))
