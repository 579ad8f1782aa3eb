"""A connection that does not wait for its client for ever."""

import asyncio
import time
from typing import Any

from uvicorn.protocols.http.h11_impl import H11Protocol

HEADERS_S = 20.0
"""Seconds for the first line and the headers of a request; uvicorn waits for ever."""
STALLED_S = 60.0
"""Seconds for which an answer may wait until its client reads on."""
_PERIOD_S = 2.0


class Connection(H11Protocol):
    """uvicorn's protocol, and an end for clients that send half a request or do not read."""

    def connection_made(self, transport: asyncio.Transport) -> None:
        """Begin to watch."""
        super().connection_made(transport)
        self._quiet_since = time.monotonic()
        self._seen: Any = None
        self._stalled_since: float | None = None
        self._watch()

    def connection_lost(self, exc: Exception | None) -> None:
        """Stop to watch."""
        self._timer.cancel()
        super().connection_lost(exc)

    def pause_writing(self) -> None:
        """Note that the client does not read."""
        super().pause_writing()
        self._stalled_since = time.monotonic()

    def resume_writing(self) -> None:
        """Note that it does."""
        super().resume_writing()
        self._stalled_since = None

    def _watch(self) -> None:
        now = time.monotonic()
        cycle: Any = self.cycle
        is_working = cycle is not None and not cycle.response_complete
        if is_working or cycle is not self._seen:
            self._quiet_since, self._seen = now, cycle
        is_late = now - self._quiet_since > HEADERS_S
        is_stalled = self._stalled_since is not None and now - self._stalled_since > STALLED_S
        if is_late or is_stalled:
            self.transport.abort()
        self._timer = self.loop.call_later(_PERIOD_S, self._watch)
