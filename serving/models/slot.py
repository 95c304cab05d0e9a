"""The models of one worker: follows what is published, and swaps by one assignment."""

from __future__ import annotations

import logging
import os
import re
import threading
from collections import OrderedDict
from collections.abc import Callable
from dataclasses import replace
from datetime import UTC, datetime

from recommender.errors import BundleError, UsageError
from recommender.publication import PublishedFolder, PublishedModel, Withdrawal, WithdrawnBy
from recommender.soundness import folder_marks
from serving.models.following import Look, ModelEvent, Refusal, State, Wanted, file_mark
from serving.models.loading import ServedModel, load
from serving.models.watch import Watch
from serving.settings import ModelSettings

_LOG = logging.getLogger(__name__)
#: Models of earlier versions that are kept loaded after a replay.
_KEPT = 2
_DIGEST = re.compile(r"[0-9a-f]{64}")


def ignore(event: ModelEvent) -> None:
    """Do nothing with an event."""


class ModelSlot:
    """What a worker serves; every method may be called from any thread.

    A request takes `current` once and computes its whole answer with it. The state is one
    immutable object that a swap replaces, so whoever holds the model before goes on undisturbed.

    Args:
        folder: What the publisher writes.
        settings: How to follow it.
        notify: Called with every `ModelEvent`, from any thread, for logs and metrics.
    """

    def __init__(
        self,
        folder: PublishedFolder,
        settings: ModelSettings,
        *,
        notify: Callable[[ModelEvent], None] = ignore,
    ) -> None:
        self.folder = folder
        self._settings = settings
        self._notify = notify
        self._state = State()
        self._watch: Watch | None = None
        self._seen = Look()
        self._refusals: dict[str | None, Refusal] = {}
        self._kept: OrderedDict[str, ServedModel] = OrderedDict()
        self._lock = threading.Lock()
        self._kept_lock = threading.Lock()
        self._stopped = threading.Event()
        self._thread: threading.Thread | None = None
        self._pid: int | None = None

    def start(self) -> None:
        """Load what is to be served, and follow the folder from then on in a thread.

        To be called in each worker after it was forked; again, it does nothing. The model before
        is loaded in the thread, so that the first answer does not wait for it.
        """
        if self._pid == os.getpid():
            return
        self._after_fork()
        self.follow(only_served=True)
        self._thread = threading.Thread(target=self._run, name="model-slot", daemon=True)
        self._thread.start()

    def on_event(self, notify: Callable[[ModelEvent], None]) -> None:
        """Call ``notify`` with every event from now on; to be said before `start`."""
        self._notify = notify

    def stop(self) -> None:
        """End the thread; the models stay."""
        self._stopped.set()
        if self._thread is not None and self._pid == os.getpid():
            self._thread.join()
        self._pid = self._thread = None

    def close(self) -> None:
        """End the thread and let go of every model, and so of the files that it maps."""
        self.stop()
        self._state = State()
        with self._kept_lock:
            self._kept.clear()

    def current(self) -> ServedModel | None:
        """Return the model that answers, or ``None`` where none could be loaded yet."""
        return self._state.current

    def previous(self) -> ServedModel | None:
        """Return the loaded model to which a rollback goes, or ``None``."""
        state = self._state
        return None if state.withdrawal is not None else state.other

    def withdrawal(self) -> Withdrawal | None:
        """Return the withdrawal by which not production but the model before it is served."""
        return self._state.withdrawal

    def refused(self) -> tuple[Refusal, ...]:
        """Return what is published and not served, and why."""
        return self._state.refused

    def of_digest(self, digest: str) -> ServedModel | None:
        """Return the model of a bundle that is still kept, or ``None``, to make a list again.

        Raises:
            BundleError: The bundle is there and is not sound.
        """
        if model := self._state.loaded(digest):
            return model
        if not _DIGEST.fullmatch(digest) or not self.folder.bundle(digest).is_dir():
            return None
        with self._kept_lock:
            if digest not in self._kept:
                self._kept[digest] = self._load_kept(digest)
            self._kept.move_to_end(digest)
            while len(self._kept) > _KEPT:
                self._kept.popitem(last=False)
            return self._kept[digest]

    def observe(self, model: ServedModel, seconds: float, *, failed: bool = False) -> None:
        """Say how long ``model`` took for one request, and whether it failed; takes no time.

        What the limits mean is in `ModelSettings`; the follower thread looks at them.
        """
        watch = self._watch
        if watch is not None and watch.digest == model.digest:
            watch.record(seconds, failed=failed)

    def withdraw(self, by: WithdrawnBy, reason: str) -> Withdrawal:
        """Take production back; this worker follows at once, the others within their polling time.

        Raises:
            BundleError: The pointer cannot be read.
            UsageError: There is no model to go back to, or production is taken back already.
        """
        withdrawal = withdraw_production(self.folder, by, reason)
        self._notify(ModelEvent("withdrawn", withdrawal.version, withdrawal.digest, reason))
        self.follow()
        return withdrawal

    def reload(self) -> None:
        """Look again at once, on every worker, and try again what was refused."""
        if self.folder.pointer_file.exists():
            # Every worker sees the new time of change.
            os.utime(self.folder.pointer_file)
        self.follow()

    def follow(self, *, only_served: bool = False) -> None:
        """Serve what is published now, if anything changed since the last look.

        Args:
            only_served: Whether to leave the model beside it for the next look.
        """
        with self._lock:
            look = self._look()
            if look == self._seen:
                return
            self._forgive(look)
            self._seen = look
            complete = self._serve(only_served=only_served)
            # Marks from before the files were read: what changed meanwhile is seen next time.
            self._seen = replace(self._seen, is_complete=complete)

    def _after_fork(self) -> None:
        """Make anew what a forked process must not inherit: locks and the thread's mark."""
        self._lock = threading.Lock()
        self._kept_lock = threading.Lock()
        self._stopped = threading.Event()
        self._pid = os.getpid()

    def _run(self) -> None:
        stopped = self._stopped
        while not stopped.is_set():
            try:
                self.follow()
                self.judge()
            except Exception:  # noqa: BLE001 - the thread must outlive whatever it is
                # The model in use serves on, and the next look is soon.
                _LOG.exception("What is published could not be followed.")
            stopped.wait(self._settings.poll_seconds)

    def _look(self) -> Look:
        files = (self.folder.pointer_file, self.folder.withdrawal_file)
        refused = [digest for digest in self._refusals if digest is not None]
        return Look(
            tuple(file_mark(file) for file in files),
            {digest: folder_marks(self.folder.bundle(digest)) for digest in refused},
        )

    def _forgive(self, look: Look) -> None:
        """Forget the refusals of what has changed since, so that it is tried again."""
        if look.files != self._seen.files:
            self._refusals.clear()
        for digest, marks in look.refused.items():
            if marks != self._seen.refused.get(digest):
                self._refusals.pop(digest, None)

    def _serve(self, *, only_served: bool) -> bool:
        """Serve what is wanted as far as it is sound; return whether nothing is left to do."""
        wanted = self._read_wanted()
        if wanted is None:
            self._replace(self._state)
            return True
        served = self._loaded(wanted.served)
        if served is not None:
            self._swap(State(served, self._state.loaded(_digest(wanted.other)), wanted.withdrawal))
            if only_served:
                return False
        other = None if wanted.other is None else self._loaded(wanted.other)
        if served is not None:
            self._replace(State(served, other, wanted.withdrawal))
        elif self._state.current is None and other is not None:
            self._swap(State(other))
        else:
            self._replace(self._state)
        return True

    def _read_wanted(self) -> Wanted | None:
        try:
            pointer, withdrawal = self.folder.pointer(), self.folder.withdrawal()
        except BundleError as error:
            self._refuse(None, error)
            return None
        return None if pointer is None else Wanted.of(pointer, withdrawal)

    def _loaded(self, published: PublishedModel) -> ServedModel | None:
        """Return a published model, loaded now unless it was before, or ``None`` if refused."""
        if known := self._state.loaded(published.digest):
            return replace(known, published=published)
        if published.digest in self._refusals:
            return None
        marks = folder_marks(self.folder.bundle(published.digest))
        try:
            return load(self.folder, published, self._settings.n_probes)
        except BundleError as error:
            self._seen = self._seen.with_refused(published.digest, marks)
            self._refuse(published, error)
            return None

    def _refuse(self, published: PublishedModel | None, error: BundleError) -> None:
        digest, version = _digest(published), None if published is None else published.version
        refusal = Refusal(digest or None, version, str(error), _now())
        self._refusals[refusal.digest] = refusal
        self._notify(ModelEvent("refused", version, refusal.digest, str(error)))

    def _swap(self, state: State) -> None:
        before, model = self._state.current, state.current
        known = model is not None and self._state.loaded(model.digest) is not None
        self._replace(state)
        if model is None or (before is not None and before.digest == model.digest):
            return
        # Nothing is concluded from a start, nor of a model that was served before.
        is_new = before is not None and not known
        self._watch = Watch(model.digest, self._settings) if is_new else None
        seconds = 0.0 if known else model.load_seconds
        detail = _swap_detail(state)
        self._notify(ModelEvent("swapped", model.version, model.digest, detail, seconds))

    def _replace(self, state: State) -> None:
        self._state = replace(state, refused=tuple(self._refusals.values()))

    def judge(self) -> None:
        """Take the new model back if it breaches a limit; the follower thread does so often."""
        watch = self._watch
        if watch is None:
            return
        if watch.is_over:
            self._watch = None
        elif reason := watch.breach():
            self._watch = None
            self._take_back(reason)

    def _take_back(self, reason: str) -> None:
        previous = self.previous()
        if previous is None or previous.published.rolled_back:
            _LOG.error("%s No sound model before it is loaded, so it stays.", reason)
            return
        try:
            self.withdraw("automatic", reason)
        except UsageError as error:
            _LOG.warning("%s It is not taken back: %s", reason, error)

    def _load_kept(self, digest: str) -> ServedModel:
        published = self.folder.record(digest)
        if published is None:
            raise BundleError("there is no record of this bundle", value=digest)
        return load(self.folder, published, 0)


def withdraw_production(folder: PublishedFolder, by: WithdrawnBy, reason: str) -> Withdrawal:
    """Write down that production is taken back, for every worker and the publisher.

    Args:
        folder: Where the workers look.
        by: Who takes it back.
        reason: Why, as a sentence.

    Raises:
        BundleError: The pointer or the withdrawal cannot be read.
        UsageError: There is no model to go back to, or production is taken back already.
    """
    pointer, before = folder.pointer(), folder.withdrawal()
    if pointer is None or pointer.previous is None:
        raise UsageError(
            "there is no previous model to go back to",
            place=str(folder.root),
            remedy="A rollback is possible once a second version has been published.",
        )
    production = pointer.production
    if before is not None and before.digest == production.digest:
        raise UsageError(
            "production is taken back already",
            place=f"version {production.version}",
            remedy="The publisher passes it on to the registry; a rollback after that undoes it.",
        )
    withdrawal = Withdrawal(production.digest, production.version, by, reason, _now())
    folder.withdraw(withdrawal)
    return withdrawal


def _digest(published: PublishedModel | None) -> str:
    return "" if published is None else published.digest


def _swap_detail(state: State) -> str:
    if state.withdrawal is not None:
        return f"Version {state.withdrawal.version} was withdrawn: {state.withdrawal.reason}"
    return "It was published."


def _now() -> str:
    return datetime.now(tz=UTC).isoformat(timespec="seconds")
