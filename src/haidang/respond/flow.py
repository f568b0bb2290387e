"""Who gets what: a flow of least cost through a network, and a proof that none is cheaper.

The solver is OR-tools. Whether its answer is optimal is not left to its own word: a flow is
optimal exactly if its residual network has no cycle of negative cost (Klein 1967; Ahuja, Magnanti
and Orlin, *Network Flows*, theorem 9.1), and node potentials under which no residual arc has a
negative reduced cost are a certificate of that, which a few lines of numpy check.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

Ints = NDArray[np.int64]


@dataclass(frozen=True, slots=True)
class Network:
    """Arcs with capacities and costs; what every node puts in.

    Attributes:
        tail, head: Nodes of each arc, (arc,).
        capacity: At least 0, (arc,).
        cost: Per unit of flow, (arc,).
        supply: What each node puts in, negative where it takes out, (node,); sums to 0.
    """

    tail: Ints
    head: Ints
    capacity: Ints
    cost: Ints
    supply: Ints


def solve(network: Network) -> Ints | None:
    """A flow of least cost that meets every supply.

    Args:
        network: Whole numbers only; ``max |cost| x nodes`` below 2^62.

    Returns:
        Flow on each arc, (arc,); None where the solver finds none. Single-threaded and without
        random numbers: the same network gives the same flow.
    """
    # Heavy: two tenths of a second that a run without needs should not pay.
    from ortools.graph.python import min_cost_flow  # noqa: PLC0415

    solver = min_cost_flow.SimpleMinCostFlow()
    arcs = solver.add_arcs_with_capacity_and_unit_cost(
        network.tail, network.head, network.capacity, network.cost
    )
    solver.set_nodes_supplies(np.arange(len(network.supply)), network.supply)
    if solver.solve() != solver.OPTIMAL:
        return None
    return np.asarray(solver.flows(arcs), np.int64)


def feasible(network: Network, flow: Ints) -> bool:
    """Whether a flow keeps every capacity and meets every supply."""
    if np.any(flow < 0) or np.any(flow > network.capacity):
        return False
    out = np.zeros(len(network.supply), np.int64)
    np.add.at(out, network.tail, flow)
    np.subtract.at(out, network.head, flow)
    return bool(np.array_equal(out, network.supply))


def potentials(network: Network, flow: Ints) -> Ints | None:
    """A certificate that no other flow is cheaper.

    Args:
        network: What was solved.
        flow: A feasible flow.

    Returns:
        Potential of each node, (node,): ``cost + potential[tail] - potential[head]`` is at least 0
        on every residual arc. None where the residual network has a negative cycle, that is, where
        a cheaper flow exists.
    """
    forward = flow < network.capacity
    back = flow > 0
    tail = np.concatenate([network.tail[forward], network.head[back]])
    head = np.concatenate([network.head[forward], network.tail[back]])
    cost = np.concatenate([network.cost[forward], -network.cost[back]])
    # Bellman-Ford from a root that reaches every node at cost 0, all arcs at once.
    found = np.zeros(len(network.supply), np.int64)
    for _ in range(len(network.supply) + 1):
        better = found.copy()
        np.minimum.at(better, head, found[tail] + cost)
        if np.array_equal(better, found):
            return found
        found = better
    return None


def proven(network: Network, flow: Ints) -> bool:
    """Whether a flow is feasible and potentials show that none is cheaper."""
    if not feasible(network, flow):
        return False
    found = potentials(network, flow)
    return found is not None and _certifies(network, flow, found)


def _certifies(network: Network, flow: Ints, found: Ints) -> bool:
    reduced = network.cost + found[network.tail] - found[network.head]
    ahead = np.all(reduced[flow < network.capacity] >= 0)
    return bool(ahead and np.all(reduced[flow > 0] <= 0))
