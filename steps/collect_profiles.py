"""Find the profiles of the windows that are over."""

from typing import Annotated, Any

from zenml import step

from monitoring.collect import collect
from monitoring.settings import DriftSettings
from recommender.settings import parse_settings
from steps.live_traffic import live_traffic
from steps.reporting import progress_of


@step(enable_cache=False)
def collect_profiles(drift: dict[str, Any], now: float) -> Annotated[dict[str, Any], "profiles"]:
    """Return the windows of the production model, each with the names of its profiles.

    Args:
        drift: The fields of `monitoring.settings.DriftSettings`.
        now: Seconds since 1970.

    Raises:
        MonitoringError: No model is published.
    """
    progress_of("collect_profiles")("looking for profiles", 0, None)
    with live_traffic() as sources:
        return collect(sources, parse_settings(DriftSettings, drift, place="drift"), now)
