"""The kinds of values that config keys take."""

import math
import re
from collections.abc import Collection, Mapping
from dataclasses import dataclass
from typing import Any, Protocol


class ValueKind(Protocol):
    """Returns whether a value fits; its text says which values do."""

    def accepts(self, value: Any) -> bool:
        """Return whether a value fits."""
        ...


@dataclass(frozen=True)
class Number:
    """A finite number.

    Attributes:
        low: least value.
        high: greatest value, `None` for none.
        whole: whether it has no fraction, and is an `int`.
        above: whether it must be above `low`.
    """

    low: float = 0
    high: float | None = None
    whole: bool = False
    above: bool = False

    def accepts(self, value: Any) -> bool:
        """Return whether it is a number in the range."""
        types = int if self.whole else (int, float)
        if isinstance(value, bool) or not isinstance(value, types) or not math.isfinite(value):
            return False
        if value < self.low or (self.above and value == self.low):
            return False
        return self.high is None or value <= self.high

    def __str__(self) -> str:
        name = "a whole number" if self.whole else "a number"
        if self.high is None:
            return f"{name} above {self.low}" if self.above else f"{name}, {self.low} or more"
        span = f"above {self.low}, up to" if self.above else f"from {self.low} to"
        return f"{name} {span} {self.high}"


@dataclass(frozen=True)
class Switch:
    """True or False."""

    def accepts(self, value: Any) -> bool:
        """Return whether it is a `bool`."""
        return isinstance(value, bool)

    def __str__(self) -> str:
        return "True or False"


@dataclass(frozen=True)
class Choice:
    """One of a few words."""

    words: tuple[str, ...]

    def accepts(self, value: Any) -> bool:
        """Return whether it is one of them."""
        return isinstance(value, str) and value in self.words

    def __str__(self) -> str:
        return f"{', '.join(self.words[:-1])} or {self.words[-1]}"


@dataclass(frozen=True)
class Text:
    """A text that is not empty, such as a path.

    Attributes:
        what: it is.
        may_be_empty: for nothing of the kind.
    """

    what: str
    may_be_empty: bool = False

    def accepts(self, value: Any) -> bool:
        """Return whether it is a text."""
        return isinstance(value, str) and (self.may_be_empty or bool(value.strip()))

    def __str__(self) -> str:
        return self.what


@dataclass(frozen=True)
class Size:
    """Height and width in px.

    Attributes:
        multiple: number that both are multiples of.
    """

    multiple: int

    def accepts(self, value: Any) -> bool:
        """Return whether it is a list of two such numbers."""
        side = Number(1, whole=True)
        return (
            isinstance(value, (list, tuple))
            and len(value) == 2
            and all(side.accepts(each) and each % self.multiple == 0 for each in value)
        )

    def __str__(self) -> str:
        return f"height and width, both multiples of {self.multiple}"


@dataclass(frozen=True)
class Device:
    """Where PyTorch computes."""

    def accepts(self, value: Any) -> bool:
        """Return whether it is a `torch.device` or the name of one."""
        return bool(re.fullmatch(r"cpu|mps|cuda(:\d+)?", str(value)))

    def __str__(self) -> str:
        return "cpu, cuda, cuda:N or mps"


@dataclass(frozen=True)
class Group:
    """Keys below a key.

    Attributes:
        kind: of all their values.
        names: that there may be.
        all_needed: whether each of them must be there.
    """

    kind: ValueKind
    names: Collection[str]
    all_needed: bool = False

    def accepts(self, value: Any) -> bool:
        """Return whether names and values fit."""
        if not isinstance(value, Mapping) or not set(value) <= set(self.names):
            return False
        if self.all_needed and set(value) != set(self.names):
            return False
        return all(map(self.kind.accepts, value.values()))

    def __str__(self) -> str:
        which = "all of" if self.all_needed else "any of"
        return f"{which} {', '.join(self.names)}, each {self.kind}"
