"""Takes up the retraining that an operator asked for on the server's page or through its API."""

from __future__ import annotations

from collections.abc import Callable

from monitoring.errors import MonitoringError
from monitoring.folders import MonitoringFolders
from monitoring.journal import Journal
from monitoring.retrain_request import RetrainRequest, end_request, waiting_request


def take_request(folders: MonitoringFolders, warn: Callable[[str], None]) -> RetrainRequest | None:
    """Return the wish that this round is to decide on, or ``None``.

    One on which a killed round has decided is removed. While a retraining is under way, a wish
    waits for its end.

    Args:
        folders: Of monitoring, whose lock the caller holds.
        warn: Told of a wish that cannot be read; the round goes on without it.

    Raises:
        MonitoringError: The journal cannot be used.
        OSError: A wish that was decided on cannot be removed.
    """
    try:
        found = waiting_request(folders.retrain_request)
    except MonitoringError as error:
        warn(str(error))
        return None
    journal = Journal(folders.journal)
    if found is None or journal.open_retraining() is not None:
        return None
    if journal.decision_on(found.request_id) is not None:
        end_request(folders.retrain_request, found.request_id)
        return None
    return found


def asked_by(request: RetrainRequest) -> str:
    """Return who asked and why, as a sentence."""
    return f"The API key {request.by} asked for a retraining: {request.reason}"
