"""The failure hook: what failed, where and why, to whoever is to be told."""

from __future__ import annotations

from zenml import get_step_context

from alerts.alert import Alert
from alerts.delivery import Delivery, alert_file
from recommender.errors import RouletteError

__all__ = ["alert_file", "record_alert", "tell"]


def tell(text: str, *, step: str, run: str) -> None:
    """Alert of something that is no error of a step.

    Args:
        text: What somebody must look at, as a full sentence.
        step: What found it.
        run: In which run.
    """
    Delivery.configured().send(Alert.of(RouletteError(text.rstrip(".")), step=step, run=run))


def record_alert(exception: BaseException) -> None:
    """Alert of the failure of the running step; ZenML calls it once for each failed step."""
    context = get_step_context()
    alert = Alert.of(exception, step=context.step_name, run=context.pipeline_run.name)
    Delivery.configured().send(alert)
