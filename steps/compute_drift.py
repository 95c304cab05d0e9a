"""Measure how far live traffic is from what production was trained on."""

from typing import Annotated, Any

from zenml import step

from monitoring.collect import windows_of
from monitoring.measure import measure
from monitoring.settings import DriftSettings
from recommender.settings import parse_settings
from steps.live_traffic import live_traffic
from steps.reporting import progress_of


@step(enable_cache=False)
def compute_drift(
    profiles: dict[str, Any], drift: dict[str, Any], now: float
) -> Annotated[dict[str, Any], "drift"]:
    """Return what the windows show, as `monitoring.report.DriftReport` turns it into plain values.

    Args:
        profiles: What `collect_profiles` found.
        drift: The fields of `monitoring.settings.DriftSettings`.
        now: Seconds since 1970.

    Raises:
        StoreUnavailable: The event store is out of reach.
        UsageError: There is none, or its tables are not those of this code.
    """
    progress_of("compute_drift")("comparing with training", 0, None)
    settings = parse_settings(DriftSettings, drift, place="drift")
    with live_traffic() as sources:
        return measure(sources, windows_of(profiles), settings, now).to_dict()
