"""A body to be decoded, as the readers of each family get it."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field, replace

from fauxtune_wire.decoding.masking import Masking
from fauxtune_wire.decoding.parts import DEEPEST, Direction, Part


@dataclass(frozen=True, slots=True)
class Body:
    """Bytes of a message, or of something inside one (`depth` above 1). `media_type` is in lower case, without
    parameters; empty if it is not known.
    """

    data: bytes
    media_type: str = ""
    path: str = ""
    query: str = ""
    direction: Direction = "request"
    depth: int = 1
    masking: Masking = field(default_factory=Masking)
    _unfold: Callable[[Body], list[Part]] = field(default=lambda _body: [], repr=False)

    def unfold(self, data: bytes, *, media_type: str = "", path: str = "", query: str = "") -> list[Part]:
        """Return the parts of something inside this body; none if it is nested too deep."""
        if self.depth >= DEEPEST:
            return []
        inside = replace(self, data=data, media_type=media_type, path=path, query=query)
        return self._unfold(replace(inside, depth=self.depth + 1, masking=self.masking.inside()))

    def beside(self) -> Body:
        """Return this body for a second reading: what it hides is remembered, and nothing is unfolded twice."""
        return replace(self, masking=self.masking.inside())

    @property
    def sender(self) -> str:
        """Say who sent it: "from the device", "from the server"."""
        return "from the device" if self.direction == "request" else "from the server"
