"""A graph as a picture, with the student's number and the right one at each node.

The judge puts a `Drawing` on its verdict (`Verdict.drawing`, None where there is nothing to draw):

    if verdict.drawing is not None:
        print(as_text(verdict.drawing))     # a few lines, for a terminal or a comment
        card += as_svg(verdict.drawing)     # one <svg>, for a page: no script, no style sheet, no file

The SVG draws in `currentColor`, so it can be read on a dark page and on a light one, and it scales to the
width that it is given. Every text in it is escaped.
"""

from dataclasses import dataclass
from html import escape

_COLUMN, _ROW, _WIDTH, _HEIGHT, _MARGIN = 216, 92, 156, 58, 16


@dataclass(frozen=True)
class DrawnNode:
    """One node.

    Attributes:
        name: unique in its drawing, such as "n1".
        label: what it computes, such as "sigmoid(a)"; its own name where it computes nothing.
        yours: the student's number; None where there is none.
        expected: the right one; None where it must stay hidden.
        wrong: whether the student's is wrong.
    """

    name: str
    label: str
    yours: float | None = None
    expected: float | None = None
    wrong: bool = False


@dataclass(frozen=True)
class Drawing:
    """A graph to draw.

    Attributes:
        title: what is drawn, and what the numbers are, in one line.
        nodes: in an order in which each comes after those that it takes its values from.
        edges: from the node that gives its value to the node that takes it; the same pair twice where a value
            is taken twice.
    """

    title: str
    nodes: tuple[DrawnNode, ...]
    edges: tuple[tuple[str, str], ...] = ()


def as_text(drawing: Drawing) -> str:
    """A line for the title and a line a node, the last node first: the way in which gradients travel."""
    width = max(len(_formula(node)) for node in drawing.nodes)
    lines = [drawing.title]
    for node in reversed(drawing.nodes):
        mark = "   <- differs" if node.wrong else ""
        lines.append(f"  {_formula(node):{width}}   {'   '.join(_numbers(node))}{mark}".rstrip())
    return "\n".join(lines)


def as_svg(drawing: Drawing) -> str:
    """The drawing as one `<svg>` element: values flow from left to right, gradients the other way."""
    places = _places(drawing)
    width = max(x for x, _ in places.values()) + _WIDTH + _MARGIN
    height = max(y for _, y in places.values()) + _HEIGHT + _MARGIN
    description = "; ".join(_spoken(node) for node in reversed(drawing.nodes))
    parts = [
        f'<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 {width} {height}" role="img" '
        f'width="{width}" height="{height}" style="max-width:100%;height:auto" fill="none" '
        'stroke="currentColor" font-family="ui-sans-serif,system-ui,sans-serif" font-size="12">',
        f"<title>{escape(drawing.title)}</title><desc>{escape(description)}</desc>",
    ]
    parts += _arrows(drawing, places)
    parts += [_box(node, *places[node.name]) for node in drawing.nodes]
    return "".join([*parts, "</svg>"])


def _formula(node: DrawnNode) -> str:
    return node.name if node.label == node.name else f"{node.name} = {node.label}"


def _numbers(node: DrawnNode) -> list[str]:
    named = (("yours", node.yours), ("expected", node.expected))
    return [f"{name} {value:.4g}" for name, value in named if value is not None]


def _spoken(node: DrawnNode) -> str:
    numbers = ", ".join(_numbers(node))
    return f"{_formula(node)}{': ' if numbers else ''}{numbers}{', wrong' if node.wrong else ''}"


def _places(drawing: Drawing) -> dict[str, tuple[int, int]]:
    """The upper left corner of each node: a column to the right of all that it takes its values from."""
    column: dict[str, int] = {}
    for node in drawing.nodes:
        column[node.name] = 1 + max((column[a] for a, b in drawing.edges if b == node.name), default=-1)
    rows: dict[int, int] = {}
    places = {}
    for name, at in column.items():
        row = rows.get(at, 0)
        rows[at] = row + 1
        # Every other column stands half a row lower, so that an arrow which leaps over it misses its nodes.
        lowered = _ROW // 2 if at % 2 else 0
        places[name] = (_MARGIN + at * _COLUMN, _MARGIN + row * _ROW + lowered)
    return places


def _arrows(drawing: Drawing, places: dict[str, tuple[int, int]]) -> list[str]:
    drawn: dict[tuple[str, str], int] = {}
    arrows = []
    for pair in drawing.edges:
        (x1, y1), (x2, y2) = places[pair[0]], places[pair[1]]
        shift = 16 * drawn.get(pair, 0)  # the second arrow between two nodes runs beside the first
        drawn[pair] = drawn.get(pair, 0) + 1
        start, end = x1 + _WIDTH, x2 - 2
        top, bottom = y1 + _HEIGHT // 2 + shift, y2 + _HEIGHT // 2 + shift
        bend = (end - start) // 2
        arrows.append(
            f'<path d="M{start} {top}C{start + bend} {top} {end - bend} {bottom} {end} {bottom}"/>'
            f'<path d="M{end - 7} {bottom - 4}L{end} {bottom}L{end - 7} {bottom + 4}"/>'
        )
    return arrows


def _box(node: DrawnNode, x: int, y: int) -> str:
    """A rounded box; a wrong node has a thick, broken border, so that colour is not needed to see it."""
    border = 'stroke-width="2.5" stroke-dasharray="6 3"' if node.wrong else ""
    lines = [f'<tspan font-weight="bold">{escape(_formula(node))}</tspan>']
    lines += [escape(text) for text in _numbers(node)]
    first = y + _HEIGHT // 2 + 4 - 8 * (len(lines) - 1)
    texts = "".join(
        f'<text x="{x + _WIDTH // 2}" y="{first + 16 * at}" text-anchor="middle" stroke="none" '
        f'fill="currentColor">{line}</text>'
        for at, line in enumerate(lines)
    )
    return f'<rect x="{x}" y="{y}" width="{_WIDTH}" height="{_HEIGHT}" rx="8" {border}/>{texts}'
