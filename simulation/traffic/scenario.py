"""What visitors do: the same as ever, or something that a server must notice or bear."""

from __future__ import annotations

from dataclasses import dataclass

from recommender.errors import UsageError


@dataclass(frozen=True)
class Scenario:
    """How traffic changes from one moment on; before it, every scenario is ``steady``.

    Attributes:
        meaning: What happens, for people.
        swapped: Share of viewers who turn to the taste and interest of somebody else, so that
            what is known of them misleads.
        era_taste: What viewers come to think of a film more for each standard deviation of its
            year, in stars; negative favours old films.
        era_exposure: How much more they are drawn to it, in log-odds, without liking it more.
        newcomers: Share of visits by viewers of whom nobody knows anything.
        bots: Share of visits by machines that rate at random.
        malformed: Share of visits that send what the server must refuse.
    """

    meaning: str
    swapped: float = 0.0
    era_taste: float = 0.0
    era_exposure: float = 0.0
    newcomers: float = 0.0
    bots: float = 0.0
    malformed: float = 0.0

    @property
    def changes_taste(self) -> bool:
        """Whether viewers are drawn to, or like, other films than before."""
        return bool(self.swapped or self.era_taste or self.era_exposure)


SCENARIOS = {
    "steady": Scenario("viewers do what they always did"),
    "new-releases": Scenario("films of late years are everywhere", era_exposure=1.5),
    "taste-shift": Scenario(
        "viewers turn to other films, and with newcomers to old ones",
        swapped=0.5,
        era_taste=-1.0,
        newcomers=0.5,
    ),
    "cold-wave": Scenario("most visitors are new", newcomers=0.7),
    "bots": Scenario("machines hammer and rate at random", bots=0.5),
    "bad-data": Scenario("broken clients send what is no event", malformed=0.3),
}


def scenario(name: str) -> Scenario:
    """Return a scenario by its name.

    Raises:
        UsageError: There is none of that name.
    """
    if name not in SCENARIOS:
        raise UsageError(
            "there is no such scenario", value=name, remedy=f"Scenarios: {', '.join(SCENARIOS)}."
        )
    return SCENARIOS[name]
