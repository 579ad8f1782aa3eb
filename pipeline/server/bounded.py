"""The body of a request, up to a limit of bytes and of patience."""

import asyncio
import time
from collections.abc import Awaitable, Callable, MutableMapping
from typing import Any

Message = MutableMapping[str, Any]

GRACE_S = 20.0
"""Seconds that a client may let the server wait for a body, in all."""
SLOWEST_BYTES_PER_S = 32 << 10
"""For each of so many bytes it gets a second more."""
LONGEST_DRAIN_S = 5.0
"""Seconds for which a body that is refused is read."""


class TooMuchError(Exception):
    """A body is too long or comes too slowly."""


class Bounded:
    """Hands on a request's body; what is answered once it is refused is held back.

    Args:
        receive: of ASGI.
        send: of ASGI.
        limit: bytes of the body.
        seconds: to wait for it at most, beside those that its length gives.
    """

    def __init__(
        self,
        receive: Callable[[], Awaitable[Message]],
        send: Callable[[Message], Awaitable[None]],
        limit: int,
        *,
        seconds: float | None = None,
    ) -> None:
        self._receive = receive
        self._send = send
        self._limit = limit
        self._received = 0
        self._waited = 0.0
        self._seconds = seconds
        self.refusal: tuple[int, str] | None = None
        self.more = True
        self.started = False

    async def receive(self) -> Message:
        """Wait for the next part of the body.

        Raises:
            TooMuchError: the body is too long or comes too slowly.
        """
        if not self.more:
            return await self._receive()  # the end of the connection
        message = await self._wait()
        self._received += len(message.get("body", b""))
        self.more = bool(message.get("more_body", False))
        if self._received > self._limit:
            self.refusal = 413, f"expected a request of at most {self._limit} bytes"
            raise TooMuchError
        return message

    async def send(self, message: Message) -> None:
        """Answer, unless the body was refused."""
        if self.refusal is None or self.started:
            self.started = True
            await self._send(message)

    async def _wait(self) -> Message:
        allowed = GRACE_S + self._received / SLOWEST_BYTES_PER_S
        if self._seconds is not None:
            allowed = self._seconds
        begin = time.monotonic()
        try:
            return await asyncio.wait_for(self._receive(), max(0.0, allowed - self._waited))
        except asyncio.TimeoutError as error:
            self.more = False  # nothing more is waited for
            self.refusal = 408, "expected the body sooner: the connection is too slow"
            raise TooMuchError from error
        finally:
            self._waited += time.monotonic() - begin
