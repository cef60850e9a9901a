"""Where a page draws something: pictures and clusters of drawn shapes, apart from rules, tables and boxes of text."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field

from catena.ingest.figures.connected_boxes import connected
from catena.ingest.figures.figure_labels import FigureLabel, caption_label
from catena.types import Box

MAX_REGIONS = 40  # of one page
MIN_SHARE = 0.02
"""Of the page; what is smaller, and has no caption, is an icon, a logo or a signature."""
MIN_PICTURE_SHARE = 0.03
MAX_SHARE = 0.85
"""What is larger is the ground of the page, or a scan."""
MAX_SHARE_COVERED, MIN_WORDS_OF_SCAN = 0.5, 20
"""A picture of most of the page with text over it is a scan (`catena.ingest.pdf.page_pictures`)."""
MIN_SIDE = 30.0  # points
MAX_ASPECT = 8.0
"""Wider or higher, and without a caption, it is a banner."""
EDGE = 0.12
"""Share of the page's height at its top and bottom where letterheads and logos stand."""
RULE = 2.2  # points; thinner shapes are rules, axes and ticks
MAX_GAP_BELOW, MAX_GAP_ABOVE = 60.0, 30.0  # points, from a figure to its caption
MAX_BETWEEN = 42.0  # points, between two panels of one figure
LABEL_REACH = 11.0  # points, from what is drawn to the words that name it
PROSE_WORDS = 6
MAX_PROSE_SHARE = 0.3
MIN_CURVES, MIN_BARS = 3, 2
MAX_SHAPES = 20_000
_PALE = 0xF0


@dataclass(frozen=True, slots=True)
class Shape:
    """The bounds of a path; `is_plain`: a rectangle or a straight rule, `color` 0xRRGGBB."""

    box: Box
    is_plain: bool
    color: int
    is_stroked: bool = False

    @property
    def is_rule(self) -> bool:
        return min(self.box[2] - self.box[0], self.box[3] - self.box[1]) < RULE


@dataclass(slots=True)
class TextLine:
    """Words that stand side by side, and where on the page."""

    text: str
    box: Box
    num_words: int
    label: FigureLabel | None = None

    @property
    def is_prose(self) -> bool:
        return self.num_words >= PROSE_WORDS


@dataclass(slots=True)
class Region:
    """A figure's place; `caption` is the line that names it."""

    box: Box
    has_picture: bool = False
    shapes: list[Shape] = field(default_factory=list)
    caption: TextLine | None = None


@dataclass(slots=True)
class Drawn:
    """What a page draws beside its text; boxes as it is displayed."""

    width: float
    height: float
    shapes: Sequence[Shape]
    pictures: Sequence[Box]
    lines: Sequence[TextLine]

    @property
    def area(self) -> float:
        return max(1.0, self.width * self.height)


def find_regions(drawn: Drawn) -> list[Region]:
    """The figures of a page, in reading order."""
    found = _clusters(drawn)
    if not found:
        return []
    _link(found, _captions(drawn.lines), drawn.lines)
    found = _with_panels(found, drawn.lines)
    kept = [region for region in found if _is_figure(region, drawn)]
    for region in kept:
        region.box = _with_labels(region, kept, drawn)
    kept = [region for region in kept if not _lies_in_another(region, kept)]
    return sorted(kept, key=lambda region: (region.box[1], region.box[0]))[:MAX_REGIONS]


def _captions(lines: Sequence[TextLine]) -> list[TextLine]:
    """The lines that begin with a label, each as far as its printed line goes."""
    found = []
    for line in lines:
        label = caption_label(line.text)
        if label is not None:
            line.label = label
            found.append(TextLine(line.text, _printed_line(line, lines), line.num_words, label))
    return found


def _printed_line(line: TextLine, lines: Sequence[TextLine]) -> Box:
    """The box of a line with what stands right of it on the same line, not far off."""
    box, height = line.box, line.box[3] - line.box[1]
    for other in lines:
        is_level = abs(other.box[1] + other.box[3] - box[1] - box[3]) < height
        if is_level and 0 < other.box[0] - box[2] < 3 * height:
            box = union((box, other.box))
    return box


def _clusters(drawn: Drawn) -> list[Region]:
    """Shapes and pictures that touch or nearly do, as one region each."""
    largest = MAX_SHARE * drawn.area
    shapes = [shape for shape in drawn.shapes[:MAX_SHAPES] if _area(shape.box) < largest]
    pictures = [box for box in drawn.pictures if _area(box) < largest]
    if not pictures and not any(draws(shape) for shape in shapes):
        return []
    boxes = [shape.box for shape in shapes] + pictures
    regions: list[Region] = []
    for members in connected(boxes):
        region = Region(_on_page(union(boxes[index] for index in members), drawn))
        region.has_picture = any(index >= len(shapes) for index in members)
        region.shapes = [shapes[index] for index in members if index < len(shapes)]
        regions.append(region)
    return [
        region
        for region in regions
        if min(_sides(region.box)) >= MIN_SIDE / 2 and _area(region.box) < largest
        if not _is_scan(region, drawn)
    ]


def _on_page(box: Box, drawn: Drawn) -> Box:
    return max(box[0], 0.0), max(box[1], 0.0), min(box[2], drawn.width), min(box[3], drawn.height)


def _is_scan(region: Region, drawn: Drawn) -> bool:
    """Tell whether pictures under much of the page's text are the page itself."""
    if not region.has_picture or _area(region.box) < MAX_SHARE_COVERED * drawn.area:
        return False
    held = sum(line.num_words for line in drawn.lines if _holds(region.box, line.box))
    return held > MIN_WORDS_OF_SCAN


def draws(shape: Shape) -> bool:
    """Tell whether a shape is no rule and no white ground."""
    pale = min(shape.color >> 16, shape.color >> 8 & 0xFF, shape.color & 0xFF) >= _PALE
    return not shape.is_rule and not (pale and shape.is_plain)


def _link(regions: Sequence[Region], captions: Sequence[TextLine], lines: Sequence[TextLine]) -> None:
    """Give captions to regions, the nearest pair first, one each."""
    pairs = []
    for caption in captions:
        for place, region in enumerate(regions):
            gap = _gap(region, caption)
            if gap is not None and not _has_prose_between(region.box, caption.box, lines):
                pairs.append((gap, place, caption))
    taken: set[int] = set()
    for _, place, caption in sorted(pairs, key=lambda pair: pair[:2]):
        if regions[place].caption is None and id(caption) not in taken:
            regions[place].caption = caption
            taken.add(id(caption))


def _gap(region: Region, caption: TextLine) -> float | None:
    """How far a caption stands from a region; nothing where it cannot be its own."""
    is_table = caption.label is not None and caption.label.kind == "table"
    if is_table and not region.has_picture:
        return None
    x0, y0, x1, y1 = region.box
    left, top, right, bottom = caption.box
    is_over = min(x1, right) - max(x0, left) > 0.3 * min(x1 - x0, right - left)
    size = bottom - top
    if is_over and top >= y1 - size and top - y1 <= MAX_GAP_BELOW:
        return max(0.0, top - y1) + (12.0 if is_table else 0.0)
    if is_over and bottom <= y0 + size and y0 - bottom <= MAX_GAP_ABOVE:
        return max(0.0, y0 - bottom) + (0.0 if is_table else 12.0)
    if is_over and y0 <= top and bottom <= y1:
        return 6.0  # inside its frame
    beside = max(left - x1, x0 - right)
    return 24.0 + beside if 0 <= beside < MAX_GAP_ABOVE and y0 - size <= top <= y1 else None


def _has_prose_between(one: Box, other: Box, lines: Sequence[TextLine]) -> bool:
    """Tell whether lines of running text stand between two boxes, one above the other."""
    upper, lower = sorted((one, other), key=lambda box: box[1] + box[3])
    left, right = max(one[0], other[0]), min(one[2], other[2])
    found = sum(
        line.is_prose
        and line.label is None
        and line.box[1] >= upper[3] - 2
        and line.box[3] <= lower[1] + 2
        and line.box[0] < right
        and line.box[2] > left
        for line in lines
    )
    return found > 1


def _with_panels(regions: Sequence[Region], lines: Sequence[TextLine]) -> list[Region]:
    """Join what stands near a figure with a caption, and has none itself: its other panels."""
    whole = sorted(regions, key=lambda region: region.caption is None)
    joined: list[Region] = []
    for region in whole:
        near = [] if region.caption else [one for one in joined if _is_panel(region, one, lines)]
        if not near:
            joined.append(region)
            continue
        figure = min(near, key=lambda one: _distance(one.box, region.box))
        figure.box = union((figure.box, region.box))
        figure.shapes += region.shapes
        figure.has_picture |= region.has_picture
    return joined


def _is_panel(region: Region, figure: Region, lines: Sequence[TextLine]) -> bool:
    if figure.caption is None or _distance(region.box, figure.box) > MAX_BETWEEN:
        return False
    (x0, y0, x1, y1), (left, top, right, bottom) = region.box, figure.box
    across = min(x1, right) - max(x0, left) > 0.3 * min(x1 - x0, right - left)
    down = min(y1, bottom) - max(y0, top) > 0.5 * min(y1 - y0, bottom - top)
    is_beyond = figure.caption.box[1] >= bottom - 4 and y0 >= figure.caption.box[1]
    is_clear = not _has_prose_between(region.box, figure.box, lines)
    return (down or across and is_clear) and not is_beyond


def _distance(one: Box, other: Box) -> float:
    across = max(one[0] - other[2], other[0] - one[2], 0.0)
    down = max(one[1] - other[3], other[1] - one[3], 0.0)
    return max(across, down)


def _is_figure(region: Region, drawn: Drawn) -> bool:
    """Tell drawings and pictures from tables, boxes of text and ornaments."""
    if region.caption is not None:
        has_shapes = any(draws(shape) for shape in region.shapes)
        return min(_sides(region.box)) >= MIN_SIDE and (region.has_picture or has_shapes)
    area, (width, height) = _area(region.box), _sides(region.box)
    is_edge = region.box[3] < EDGE * drawn.height or region.box[1] > (1 - EDGE) * drawn.height
    is_banner = max(width, height) > MAX_ASPECT * min(width, height)
    if is_edge or is_banner or min(width, height) < MIN_SIDE or area < MIN_SHARE * drawn.area:
        return False
    if region.has_picture and area >= MIN_PICTURE_SHARE * drawn.area:
        return True
    if _prose_share(region, drawn.lines) > MAX_PROSE_SHARE:
        return False
    return _num_curves(region) >= MIN_CURVES or has_bars(region.shapes, region.box, drawn.lines)


def _num_curves(region: Region) -> int:
    """Shapes that are neither rectangles nor rules, and no letters."""
    least = 0.04 * max(_sides(region.box))
    return sum(not shape.is_plain and max(_sides(shape.box)) > least for shape in region.shapes)


def has_bars(shapes: Sequence[Shape], box: Box, lines: Sequence[TextLine]) -> bool:
    """Tell whether filled rectangles share one edge and differ in length, as no cells of a table do."""
    width, height = _sides(box)
    filled = [
        shape
        for shape in dict.fromkeys(shapes)
        if draws(shape) and shape.is_plain and not shape.is_stroked and _is_part(shape.box, width, height)
        if not any(line.is_prose and _holds(shape.box, line.box) for line in lines)
    ]
    return any(len(lengths) >= MIN_BARS for edge in (3, 0) for lengths in _bars_on(filled, edge).values())


def _bars_on(filled: Sequence[Shape], edge: int) -> dict[tuple[int, ...], set[int]]:
    """Lengths of equally thick rectangles on one line (3: bottoms, 0: left edges).

    One that goes on in another of its colour, at either end, is a cell of a shaded row.
    """
    far, (low, high) = (1, (0, 2)) if edge == 3 else (2, (1, 3))
    ends = {
        (shape.color, *_place(shape.box, low, high), round(shape.box[end] / 1.5), end)
        for shape in filled
        for end in (edge, far)
    }
    found: dict[tuple[int, ...], set[int]] = {}
    for shape in filled:
        box = shape.box
        goes_on = any(
            (shape.color, *_place(box, low, high), round(box[own] / 1.5) + step, other) in ends
            for own, other in ((far, edge), (edge, far))
            for step in (-1, 0, 1)
        )
        if not goes_on:
            key = (round(box[edge] / 1.5), round((box[high] - box[low]) / 1.5))
            found.setdefault(key, set()).add(round(abs(box[far] - box[edge]) / 3))
    return found


def _place(box: Box, low: int, high: int) -> tuple[int, int]:
    return round(box[low] / 1.5), round(box[high] / 1.5)


def _is_part(box: Box, width: float, height: float) -> bool:
    return box[2] - box[0] < 0.95 * width and box[3] - box[1] < 0.95 * height


def _prose_share(region: Region, lines: Sequence[TextLine]) -> float:
    inside = [line for line in lines if line.is_prose and _holds(region.box, line.box)]
    return sum(_area(line.box) * 1.3 for line in inside) / max(1.0, _area(region.box))


def _with_labels(region: Region, regions: Sequence[Region], drawn: Drawn) -> Box:
    """The region with the words around it that name its axes and parts, but no running text and no caption."""
    box = region.box
    others = [one.box for one in regions if one is not region]
    free = [
        line
        for line in drawn.lines
        if line.label is None and not line.is_prose and not any(_holds(one, line.box) for one in others)
    ]
    for _ in range(2):
        reach = (box[0] - LABEL_REACH, box[1] - LABEL_REACH, box[2] + LABEL_REACH, box[3] + LABEL_REACH)
        near = [line.box for line in free if _is_beside(line, reach, box)]
        box = union((box, *near))
    return box


def _is_beside(line: TextLine, reach: Box, box: Box) -> bool:
    x0, y0, x1, y1 = line.box
    overlaps = x0 < reach[2] and x1 > reach[0] and y0 < reach[3] and y1 > reach[1]
    sticks_out = max(box[0] - x0, x1 - box[2], 0.0) > 0.25 * (box[2] - box[0]) + LABEL_REACH
    return overlaps and not sticks_out


def _lies_in_another(region: Region, regions: Sequence[Region]) -> bool:
    return any(
        other is not region and _holds(other.box, region.box) and _area(other.box) > _area(region.box)
        for other in regions
    )


def union(boxes: Iterable[Box]) -> Box:
    """The smallest box around some."""
    corners = list(boxes)
    return (
        min(box[0] for box in corners),
        min(box[1] for box in corners),
        max(box[2] for box in corners),
        max(box[3] for box in corners),
    )


def _holds(outer: Box, inner: Box) -> bool:
    """Tell whether the middle of a box lies in another."""
    x, y = (inner[0] + inner[2]) / 2, (inner[1] + inner[3]) / 2
    return outer[0] <= x <= outer[2] and outer[1] <= y <= outer[3]


def _sides(box: Box) -> tuple[float, float]:
    return box[2] - box[0], box[3] - box[1]


def _area(box: Box) -> float:
    return max(0.0, box[2] - box[0]) * max(0.0, box[3] - box[1])
