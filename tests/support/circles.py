"""Circles in a graph: groups of nodes that reach one another."""

from __future__ import annotations

from collections.abc import Mapping


def circles(arrows: Mapping[str, set[str]]) -> list[list[str]]:
    """Return the strongly connected parts with more than one node, the largest first (Tarjan 1972, not recursive)."""
    index: dict[str, int] = {}
    lowest: dict[str, int] = {}
    open_nodes: list[str] = []
    found: list[list[str]] = []
    for root in sorted(arrows):
        path = [] if root in index else [(root, iter(sorted(arrows.get(root, ()))))]
        if path:
            index[root] = lowest[root] = len(index)
            open_nodes.append(root)
        while path:
            node, heads = path[-1]
            head = next(heads, None)
            if head is None:
                path.pop()
                if path:
                    lowest[path[-1][0]] = min(lowest[path[-1][0]], lowest[node])
                if lowest[node] == index[node]:
                    cut = open_nodes.index(node)
                    if len(open_nodes) - cut > 1:
                        found.append(sorted(open_nodes[cut:]))
                    del open_nodes[cut:]
            elif head not in index:
                index[head] = lowest[head] = len(index)
                open_nodes.append(head)
                path.append((head, iter(sorted(arrows.get(head, ())))))
            elif head in open_nodes:
                lowest[node] = min(lowest[node], index[head])
    return sorted(found, key=lambda each: (-len(each), each))
