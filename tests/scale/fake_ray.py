"""As much of Ray as `infer --ray` uses, in this process and one task at a time.

An actor dies of `Ended`, which a reader raises in the place of what ends a process.
"""

from types import SimpleNamespace
from typing import Any


class Ended(BaseException):
    """What ends the process of an actor."""


class RayError(Exception):
    """As Ray calls all of its own."""


class RayActorError(RayError):
    """The process of an actor has ended."""


class FakeRay:
    """The module.

    Attributes:
        options: of all calls.
        actors: that were started.
        alive: those that are still there.
    """

    exceptions = SimpleNamespace(RayError=RayError, RayActorError=RayActorError)

    def __init__(self) -> None:
        self.options: list[dict[str, Any]] = []
        self.actors: list[Any] = []
        self.alive: list[Any] = []
        self.is_open = False

    def init(self, **options: Any) -> None:
        if options["address"] == "nowhere:1":
            msg = "no cluster there\nand more"
            raise ConnectionError(msg)
        self.options.append(options)
        self.is_open = True

    def shutdown(self) -> None:
        self.is_open = False

    def nodes(self) -> list[dict[str, Any]]:
        gib = 1 << 30
        small = {"CPU": 16.0, "memory": 3.5 * gib}
        large = {"CPU": 4.0, "memory": 64.0 * gib}
        return [
            {"Alive": True, "Resources": small},
            {"Alive": True, "Resources": large},
            {"Alive": False, "Resources": large},
        ]

    def remote(self, **options: Any) -> Any:
        self.options.append(options)

        def start(kind: type, *args: Any) -> Any:
            actor = _Actor(self, kind(*args))
            self.actors.append(actor)
            self.alive.append(actor)
            return actor

        return lambda kind: SimpleNamespace(remote=lambda *args: start(kind, *args))

    def get(self, answer: Any, timeout: float | None = None) -> Any:
        return answer()

    def kill(self, actor: Any) -> None:
        if actor in self.alive:
            self.alive.remove(actor)


class _Actor:
    def __init__(self, ray: FakeRay, content: Any) -> None:
        self._ray, self._content = ray, content

    def __getattr__(self, name: str) -> Any:
        def call(*args: Any) -> Any:
            if self not in self._ray.alive:
                raise RayActorError
            try:
                return getattr(self._content, name)(*args)
            except Ended as error:
                self._ray.kill(self)
                raise RayActorError from error

        if name == "name":
            known = call()
            return SimpleNamespace(remote=lambda: lambda: known)
        return SimpleNamespace(remote=lambda *args: lambda: call(*args))
