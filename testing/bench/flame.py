"""flame.py - a tree of callers with costs, drawn: an interactive page by plotly, and an SVG by matplotlib."""
from testing.bench.chart import html_page


class Node:
    """A function as called from one chain of callers. own: its own cost; total: with what it calls."""

    def __init__(self, name):
        self.name, self.own, self.total, self.children = name, 0, 0, {}

    def child(self, name):
        return self.children.setdefault(name, Node(name))


def tree(chains, title):
    """The tree of {(outermost, ..., innermost): cost}."""
    root = Node(title)
    for chain, cost in chains.items():
        node = root
        node.total += cost
        for name in chain:
            node = node.child(name)
            node.total += cost
        node.own += cost
    return root


def _walk(node, path="", depth=0, left=0.0):
    """(node, path, parent's path, depth, where it starts) of each node, parents first."""
    own = f"{path}/{node.name}"
    yield node, own, path, depth, left
    for child in sorted(node.children.values(), key=lambda item: -item.total):
        yield from _walk(child, own, depth + 1, left)
        left += child.total


def page(root, unit):
    """A self-contained page: click a function to see it alone."""
    import plotly.graph_objects as go
    parts = [item for item in _walk(root) if item[0].total >= root.total * 0.0005]
    figure = go.Figure(go.Icicle(
        ids=[path for _, path, _, _, _ in parts], parents=[parent for _, _, parent, _, _ in parts],
        labels=[node.name for node, *_ in parts], values=[node.total for node, *_ in parts], branchvalues="total",
        customdata=[node.own for node, *_ in parts], tiling={"orientation": "v"}, sort=False,
        hovertemplate=f"%{{label}}<br>%{{value:,.1f}} {unit}, %{{customdata:,.1f}} of it its own<extra></extra>"))
    figure.update_layout(margin={"t": 10, "l": 10, "r": 10, "b": 10}, height=900, paper_bgcolor="rgba(0,0,0,0)")
    return html_page(root.name, figure)


def svg(root, unit, path):
    """The same as a picture: callers below, the wider the dearer."""
    import matplotlib
    matplotlib.use("svg")
    from matplotlib import pyplot
    parts = [item for item in _walk(root) if item[0].total >= root.total * 0.002]
    deepest = max(depth for *_, depth, _ in parts)
    figure, axes = pyplot.subplots(figsize=(14, 0.32 * (deepest + 1) + 0.8))
    colours = pyplot.get_cmap("YlOrRd")
    for node, _, _, depth, left in parts:
        shade = 0.15 + 0.6 * (hash_of(node.name) % 97) / 97
        axes.broken_barh([(left, node.total)], (depth, 0.95), facecolor=colours(shade), edgecolor="white", linewidth=0.5)
        room = int(node.total / root.total * 190)
        if room > 3:
            axes.text(left + node.total * 0.004, depth + 0.45, node.name[:room], va="center", fontsize=7, clip_on=True)
    axes.set(xlim=(0, root.total), ylim=(0, deepest + 1.05), yticks=[], xlabel=unit)
    figure.tight_layout()
    figure.savefig(path, metadata={"Date": None})
    pyplot.close(figure)


def hash_of(name):
    """A number of a name that is the same in every run."""
    value = 0
    for letter in name.encode():
        value = (value * 31 + letter) & 0xffffffff
    return value
