"""How a composite index is made: its tree, its weights, its indicators. Data, not code.

A leaf is an indicator, brought to 0..10 between two stated ends; a node joins its children by one
of four rules; the root is the index. What the rules compute stands in ``risk.index``.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Annotated, Literal

from pydantic import BeforeValidator, Field, model_validator
from pydantic_core import PydanticCustomError

from haidang.base.spec import Spec

How = Literal["arithmetic", "geometric", "max", "product"]
"""Rules by which a node joins its children; see ``risk.index``."""

Weight = Annotated[float, Field(gt=0, le=1000)]
Texts = Annotated[dict[str, str], Field(min_length=1)]


def _texts(given: object) -> object:
    return {"en": given} if isinstance(given, str) and given else given


class Node(Spec):
    """A component, category or dimension.

    Attributes:
        title: By language.
        how: Rule.
        of: Weight by child; a child is a node or an indicator.
        least: Smallest share of the weight that must be known for the node to have a value; 0 takes
            any known child. A product always needs all of its children.
        source: Why this rule and these weights.
    """

    title: Texts
    how: How
    of: dict[str, Weight] = Field(min_length=1)
    least: float = Field(default=0.0, ge=0, le=1)
    source: str = ""


class Indicator(Spec):
    """A number that somebody published, and what counts as little and as much of it.

    Attributes:
        title: By language.
        unit: By language; empty for a number that has none.
        worse: Which end is the bad one.
        min: Value of the lower end; at or below it is 0 (10 where ``worse`` is ``low``).
        max: Value of the upper end.
        scale: ``log`` measures between the ends by the logarithm, for what spans powers of ten.
        bounds: Why these ends.
        source: Who says the values, by language; of what nobody has, who would say it. A plain text
            is the same in all languages.
        date: Of when they are, as the source says it.
        doubt: What is known to be weak, by language; empty if nothing.
    """

    title: Texts
    unit: dict[str, str] = Field(default_factory=dict)
    worse: Literal["high", "low"] = "high"
    min: float = 0.0
    max: float = 10.0
    scale: Literal["linear", "log"] = "linear"
    bounds: str = ""
    source: Annotated[Texts, BeforeValidator(_texts)]
    date: str = ""
    doubt: dict[str, str] = Field(default_factory=dict)

    @model_validator(mode="after")
    def _ends(self) -> Indicator:
        if not self.min < self.max:
            raise PydanticCustomError("index_ends", "min must lie below max")
        if self.scale == "log" and self.min <= 0:
            raise PydanticCustomError("index_log", "a log scale needs a min above 0")
        return self


class Sampling(Spec):
    """What is varied to learn how far the index can be trusted (Saisana et al. 2005).

    Attributes:
        draws: How many indices are made.
        seed: Of the random numbers.
        weights: Each weight is multiplied by 1 ± this, evenly.
        bounds: Each end of an indicator is moved by ± this share of the range, evenly.
        leave_out: In this share of the draws one indicator is left out.
        interval: Quantiles that are shown.
        source: Why so.
    """

    draws: int = Field(default=1000, ge=10, le=100_000)
    seed: int = 1
    weights: float = Field(default=0.25, ge=0, lt=1)
    bounds: float = Field(default=0.1, ge=0, lt=0.5)
    leave_out: float = Field(default=0.5, ge=0, le=1)
    interval: tuple[float, float] = (0.05, 0.95)
    source: str = ""

    @model_validator(mode="after")
    def _ordered(self) -> Sampling:
        low, high = self.interval
        if not 0 <= low < high <= 1:
            raise PydanticCustomError("index_interval", "interval is (low, high) within 0..1")
        return self


class IndexSpec(Spec):
    """A composite index.

    Attributes:
        title: By language.
        source: Of the methodology, by language.
        root: Node that is the index; its children are the dimensions.
        nodes: By id.
        indicators: By id.
        decimals: Every node is rounded half up, never away to zero, before it is joined, as
            published tables are; None rounds nothing. Draws and what drives a place are never
            rounded.
        sampling: How its uncertainty is found.
    """

    title: Texts
    source: Annotated[Texts, BeforeValidator(_texts)]
    root: str
    nodes: dict[str, Node] = Field(min_length=1)
    indicators: Mapping[str, Indicator] = Field(min_length=1)
    decimals: int | None = Field(default=None, ge=0, le=12)
    sampling: Sampling = Sampling()

    @model_validator(mode="after")
    def _is_a_tree(self) -> IndexSpec:
        if both := sorted(set(self.nodes) & set(self.indicators)):
            raise PydanticCustomError(
                "index_twice", "{names}: both a node and an indicator", {"names": ", ".join(both)}
            )
        seen: list[str] = []
        waiting = [self.root]
        while waiting:
            name = waiting.pop()
            if name in seen:
                raise PydanticCustomError(
                    "index_not_a_tree", "{name} hangs in two places", {"name": name}
                )
            seen.append(name)
            if name in self.nodes:
                waiting += self.nodes[name].of
            elif name not in self.indicators:
                raise PydanticCustomError(
                    "index_unknown", "{name} is neither a node nor an indicator", {"name": name}
                )
        loose = sorted({*self.nodes, *self.indicators} - set(seen))
        if loose or self.root not in self.nodes:
            raise PydanticCustomError(
                "index_loose", "{names}: not below the root", {"names": ", ".join(loose)}
            )
        return self

    @property
    def dimensions(self) -> tuple[str, ...]:
        """The children of the root."""
        return tuple(self.nodes[self.root].of)

    def below(self, name: str) -> tuple[str, ...]:
        """Children of a node, none of an indicator."""
        return tuple(self.nodes[name].of) if name in self.nodes else ()

    def walk(self, name: str = "", depth: int = 0) -> Iterator[tuple[int, str]]:
        """(depth, id) of a node and of all below it, from the top down.

        Args:
            name: Where to begin; "" is the root.
            depth: Of that one.
        """
        name = name or self.root
        yield depth, name
        for child in self.below(name):
            yield from self.walk(child, depth + 1)

    def leaves(self, name: str = "") -> tuple[str, ...]:
        """Indicators below a node."""
        return tuple(n for _, n in self.walk(name) if n in self.indicators)

    def unrounded(self) -> IndexSpec:
        """The same index without rounding between its steps."""
        return self.model_copy(update={"decimals": None})

    def part(self, name: str) -> Node | Indicator:
        """A node or an indicator."""
        return self.nodes[name] if name in self.nodes else self.indicators[name]
