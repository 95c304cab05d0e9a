"""gunicorn's threaded worker, with a bound on what it does at once and on slow clients.

A connection is taken by a worker that has the fewest, since it may stay for long, and takes a
thread only once something of a request has arrived. A request beyond the
bound is answered with 503 by threads of their own, so that the answer comes at once and whoever
is let in waits behind a bounded number of others. A client that does not send its request in
time is cut off. When the worker is told to stop it is not ready any more, idle connections are
closed, and what it has begun is finished.
"""

from __future__ import annotations

import math
import socket
import time
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from functools import partial
from selectors import EVENT_READ
from types import FrameType
from typing import Any

from gunicorn.glogging import Logger
from gunicorn.http.errors import InvalidHeader, LimitRequestLine, UnsupportedTransferCoding
from gunicorn.workers.gthread import TConn, ThreadWorker

from serving.balance import ConnectionCounts
from serving.edge import refusing
from serving.unread import send_last

_REFUSING_THREADS = 2
#: A refusal takes at least so long: who tries again at once would else take the time of those that
#: are let in.
_REFUSAL_SECONDS = 0.002
#: Between two looks at what has waited for too long.
_LOOK_SECONDS = 1.0
_LOOK_AGAIN_SECONDS = 0.0002
_TAKEN_AT_ONCE = 32


class QuietLogger(Logger):  # type: ignore[misc]
    """gunicorn's logger without its access log, which `serving.edge` writes."""

    def access(self, *_: Any) -> None:
        """Do nothing; else every request would be described by a hundred values."""


class BoundedWorker(ThreadWorker):  # type: ignore[misc]
    """A `ThreadWorker` that does at most ``max_in_flight`` requests at once.

    Attributes:
        max_in_flight: Requests that may wait or be worked on.
        max_body_bytes: Length of a body above which it is not read, so that its connection ends.
        request_seconds: Time that a request has to arrive and be answered.
        in_flight: Requests that wait or are worked on.
        on_stop: Called when the worker is told to stop, before it stops accepting.
        long_address_page: What is answered to an address beyond gunicorn's limit, or ``None`` for
            gunicorn's own words.
        counts: The connections of all workers, or ``None`` where they are not spread.
        place: This worker's among the counts.
        leave_seconds: How long a connection is left to a worker that has fewer; it may hang.
    """

    leave_seconds = 0.002

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.max_in_flight = 64
        self.max_body_bytes = 1_048_576
        self.request_seconds = 15.0
        self.in_flight = 0
        self.on_stop: Callable[[], None] | None = None
        self.long_address_page: bytes | None = None
        # When each request in a thread began, in seconds that never go back.
        self._since: dict[TConn, float] = {}
        self._refused: set[TConn] = set()
        self._looked = 0.0
        self._notified = 0.0
        self.counts: ConnectionCounts | None = None
        self.place: int | None = None
        self._left_since: float | None = None

    def init_process(self) -> None:
        """Make the threads that refuse, in the worker's process, and run."""
        self._refusals = ThreadPoolExecutor(
            _REFUSING_THREADS, "refusing", partial(setattr, refusing, "active", True)
        )
        super().init_process()

    def notify(self) -> None:
        """Tell the arbiter now and then that this worker lives, unless its threads hang."""
        now = time.monotonic()
        if now - self._notified < _LOOK_SECONDS:
            return
        self._notified = now
        oldest = min(list(self._since.values()), default=math.inf)
        if now - oldest < self.cfg.timeout + self.request_seconds:
            super().notify()

    def handle_exit(self, sig: int, frame: FrameType | None) -> None:
        """Begin to stop."""
        if self.on_stop is not None:
            self.on_stop()
        super().handle_exit(sig, frame)

    def set_accept_enabled(self, enabled: bool) -> None:
        """Take connections or not; when stopping, close the idle ones at once."""
        super().set_accept_enabled(enabled)
        self._say_connections()
        if not self.alive:
            self.murder_keepalived()
            self.murder_pending()

    def accept(self, listener: socket.socket) -> None:
        """Take what connections there are, and wait for their first bytes without a thread.

        Several at once, since a turn of the loop takes long where the threads are busy.
        """
        for _ in range(min(_TAKEN_AT_ONCE, self.worker_connections - self.nr_conns)):
            if self._leaves_to_others():
                # The socket is still readable, so the next turn comes here again.
                time.sleep(_LOOK_AGAIN_SECONDS)
                return
            try:
                client, address = listener.accept()
            except (BlockingIOError, ConnectionAbortedError):
                return
            self._take(listener, client, address)

    def _take(self, listener: socket.socket, client: socket.socket, address: Any) -> None:
        self.nr_conns += 1
        self._say_connections()
        conn = TConn(self.cfg, client, address, listener.getsockname())
        conn.timeout = time.monotonic() + self.request_seconds
        self.pending_conns.append(conn)
        self.poller.register(client, EVENT_READ, partial(self.on_pending_socket_readable, conn))

    def enqueue_req(self, conn: TConn) -> None:
        """Hand a connection with a request to a thread, or to those that refuse."""
        self._since[conn] = time.monotonic()
        if self.in_flight < self.max_in_flight:
            self.in_flight += 1
            super().enqueue_req(conn)
            return
        self._refused.add(conn)
        self._refusals.submit(self._refuse, conn).add_done_callback(
            lambda future: self.method_queue.defer(self.finish_request, conn, future)
        )

    def _refuse(self, conn: TConn) -> Any:
        time.sleep(_REFUSAL_SECONDS)
        return self.handle(conn)

    def handle_request(self, req: Any, conn: TConn) -> Any:
        """Answer a request; whoever sends too long a body is told that the connection ends."""
        length = dict(req.headers).get("CONTENT-LENGTH", "")
        if length.isdecimal() and int(length) > self.max_body_bytes:
            req.force_close()
        return super().handle_request(req, conn)

    def handle_error(self, req: Any, client: socket.socket, addr: Any, exc: Exception) -> None:
        """Answer what is no HTTP; for an unknown transfer coding it is not our fault either."""
        if isinstance(exc, UnsupportedTransferCoding):
            exc = InvalidHeader("TRANSFER-ENCODING")
        if isinstance(exc, LimitRequestLine) and self.long_address_page is not None:
            self.log.warning("Refused an address that is too long.")
            send_last(client, "414 URI Too Long", self.long_address_page)
            return
        super().handle_error(req, client, addr, exc)

    def finish_request(self, conn: TConn, fs: Any) -> None:
        """Keep or close a connection whose request is answered."""
        del self._since[conn]
        if conn in self._refused:
            self._refused.remove(conn)
        else:
            self.in_flight -= 1
        n_before = self.nr_conns
        super().finish_request(conn, fs)
        if self.nr_conns != n_before:
            self._say_connections()
        is_kept = bool(self.keepalived_conns) and self.keepalived_conns[-1] is conn
        if is_kept and conn.parser.unreader.buf.getbuffer().nbytes:
            # The next request came along with the last one, and nothing more may follow.
            self.on_client_socket_readable(conn, conn.sock)

    def murder_keepalived(self) -> None:
        """Close what was idle for long, and cut off what is slow; all that is idle when stopping.

        gunicorn asks on every turn of its loop; to look every second is enough.
        """
        now = time.monotonic()
        if not self.alive:
            for conn in (*self.keepalived_conns, *self.pending_conns):
                conn.timeout = 0.0
        elif now - self._looked < _LOOK_SECONDS:
            return
        self._looked = now
        super().murder_keepalived()
        super().murder_pending()
        self._say_connections()
        self._cut_off(now - self.request_seconds)

    def murder_pending(self) -> None:
        """Do nothing: `murder_keepalived`, which gunicorn calls before, has looked at these too."""

    def _leaves_to_others(self) -> bool:
        """Return whether a connection that waits is to be taken by a worker that has fewer."""
        now = time.monotonic()
        if self.counts is None or self.counts.has_fewest(self.nr_conns):
            self._left_since = None
            return False
        if self._left_since is None:
            self._left_since = now
        if now - self._left_since < self.leave_seconds:
            return True
        self._left_since = None
        return False

    def _say_connections(self) -> None:
        if self.counts is None or self.place is None:
            return
        if self._accepting:
            self.counts.say(self.place, self.nr_conns)
        else:
            self.counts.is_away(self.place)

    def _cut_off(self, before: float) -> None:
        for conn, since in list(self._since.items()):
            if since < before:
                _end_reading(conn.sock)


def _end_reading(sock: socket.socket) -> None:
    """Make a thread that reads from ``sock`` see its end."""
    try:
        sock.shutdown(socket.SHUT_RD)
    except OSError:
        return
