"""One promotion at a time, on this machine or across many.

For a registry in a SQLite file the lock is a file beside it, which the kernel frees when its
holder dies. For any other registry it is a queue of tickets in the registry itself: a ticket is a
version of the model ``<name>.lock``, numbers rise and never return, and the lowest ticket holds
the lock. Its owner keeps it alive by counting up a tag; a ticket whose tag stands still, or whose
process is dead on this host, is taken out of the queue. Since a ticket is deleted by its number
alone, a late deletion cannot hit the lock of somebody else.

The two kinds do not see each other: all pipelines of one registry must name it by one URI.
"""

from __future__ import annotations

import fcntl
import logging
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any, TextIO

from mlflow import MlflowClient
from mlflow.exceptions import MlflowException

from recommender.errors import RegistryError
from tracking.connection import Store, error_code, registry_errors
from tracking.processes import ProcessMark, this_process
from tracking.versions import list_versions

_LOG = logging.getLogger(__name__)
BEAT_TAG = "roulette.beat"
_TICKET_SOURCE = "roulette-lock:///ticket"
_POLL_SECONDS = 0.2


@dataclass(frozen=True)
class LockTimes:
    """How long things take, in seconds.

    Attributes:
        wait: Longest wait for the lock; a promotion may evaluate two models while it holds it.
        beat: Between two signs of life of a ticket.
        patience: Without a sign of life before a ticket counts as abandoned; many times ``beat``.
    """

    wait: float = 1800.0
    beat: float = 5.0
    patience: float = 60.0


#: Raises `RegistryError` if the lock was lost meanwhile, which a file lock never is.
StillHeld = Callable[[], None]


@contextmanager
def registry_lock(
    client: MlflowClient, store: Store, model_name: str, times: LockTimes | None = None
) -> Iterator[StillHeld]:
    """Hold the registry's lock for the body of a ``with`` statement.

    Args:
        client: A client of the store.
        store: Where the registry is.
        model_name: The model whose aliases are to move.
        times: How long to wait.

    Yields:
        A check to be made right before a change: that the lock is still held.

    Raises:
        RegistryError: Another holds it for longer than ``times.wait``.
    """
    times = times or LockTimes()
    if store.registry_database is not None:
        database = store.registry_database
        with _file_lock(database.with_name(f"{database.name}.lock"), times):
            yield _always_held
    else:
        with _ticket_lock(client, f"{model_name}.lock", times) as still_held:
            yield still_held


def _always_held() -> None:
    return


@contextmanager
def _file_lock(file: Path, times: LockTimes) -> Iterator[None]:
    with file.open("a+", encoding="utf-8") as stream:
        deadline = time.monotonic() + times.wait
        while not _try_lock(stream):
            if time.monotonic() >= deadline:
                stream.seek(0)
                raise _held_too_long(stream.read().strip() or "another process", str(file))
            time.sleep(_POLL_SECONDS)
        stream.truncate(0)
        stream.write(str(this_process()))
        stream.flush()
        yield


def _try_lock(stream: TextIO) -> bool:
    try:
        fcntl.flock(stream, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except BlockingIOError:
        return False
    return True


@contextmanager
def _ticket_lock(client: MlflowClient, queue: str, times: LockTimes) -> Iterator[StillHeld]:
    with registry_errors(f"lock {queue}"):
        ticket = _draw_ticket(client, queue)
    ended = threading.Event()
    signs_of_life = (client, queue, ticket, times, ended)
    try:
        threading.Thread(target=_beat, args=signs_of_life, daemon=True).start()
        with registry_errors(f"lock {queue}"):
            _wait_for_turn(client, queue, ticket, times)
        yield lambda: _check_held(client, queue, ticket)
    finally:
        ended.set()
        _give_back(client, queue, ticket)


def _give_back(client: MlflowClient, queue: str, ticket: int) -> None:
    try:
        with registry_errors(f"lock {queue}"):
            _remove_ticket(client, queue, ticket)
    except RegistryError as error:
        # What was done under the lock stands, and the others will find this ticket abandoned.
        _LOG.warning("Ticket %s stays in the queue until it is found abandoned: %s", ticket, error)


def _draw_ticket(client: MlflowClient, queue: str) -> int:
    try:
        client.create_registered_model(
            queue, description="The queue of those who may move this model's aliases; not a model."
        )
    except MlflowException as error:
        if error_code(error) != "RESOURCE_ALREADY_EXISTS":
            raise
    tags = {**this_process().to_tags(), BEAT_TAG: "0"}
    made = client.create_model_version(queue, _TICKET_SOURCE, tags=tags, await_creation_for=0)
    return int(made.version)


def _beat(
    client: MlflowClient, queue: str, ticket: int, times: LockTimes, ended: threading.Event
) -> None:
    count = 0
    while not ended.wait(times.beat):
        count += 1
        try:
            client.set_model_version_tag(queue, str(ticket), BEAT_TAG, str(count))
        except MlflowException:
            # A beat that does not arrive is what the patience of the others is for; whether the
            # ticket survived is asked before every change.
            continue


def _wait_for_turn(client: MlflowClient, queue: str, ticket: int, times: LockTimes) -> None:
    deadline = time.monotonic() + times.wait
    seen: dict[int, tuple[str | None, float]] = {}
    while ahead := [item for item in _tickets(client, queue) if int(item.version) < ticket]:
        for item in ahead:
            if _is_abandoned(item, seen, times.patience):
                _remove_ticket(client, queue, int(item.version))
        if time.monotonic() >= deadline:
            holder = ProcessMark.from_tags(min(ahead, key=lambda item: int(item.version)).tags)
            raise _held_too_long(str(holder or "another process"), queue)
        time.sleep(_POLL_SECONDS)


def _is_abandoned(ticket: Any, seen: dict[int, tuple[str | None, float]], patience: float) -> bool:
    """Judge by this process's own clock alone, since the clocks of two hosts differ."""
    mark = ProcessMark.from_tags(ticket.tags)
    if mark is not None and mark.is_dead():
        return True
    beat, number, now = ticket.tags.get(BEAT_TAG), int(ticket.version), time.monotonic()
    if number not in seen or seen[number][0] != beat:
        seen[number] = (beat, now)
    return now - seen[number][1] > patience


def _check_held(client: MlflowClient, queue: str, ticket: int) -> None:
    with registry_errors(f"lock {queue}"):
        held = any(int(item.version) == ticket for item in _tickets(client, queue))
    if not held:
        raise RegistryError(
            "the lock was lost, because this process gave no sign of life for too long",
            place=queue,
            remedy="Nothing was changed; run the command again.",
        )


def _tickets(client: MlflowClient, queue: str) -> list[Any]:
    return list_versions(client, queue)


def _remove_ticket(client: MlflowClient, queue: str, ticket: int) -> None:
    try:
        client.delete_model_version(queue, str(ticket))
    except MlflowException as error:
        if error_code(error) != "RESOURCE_DOES_NOT_EXIST":
            raise


def _held_too_long(holder: str, place: str) -> RegistryError:
    return RegistryError(
        "another pipeline registers or promotes and does not come to an end",
        place=place,
        value=holder,
        remedy="Wait for it, or end that process, and run the command again.",
    )
