"""A graph with two numbers at each node, as text and as a picture."""

from xml.etree import ElementTree

from gradecheck.graph.drawing import Drawing, DrawnNode, as_svg, as_text

DIAMOND = Drawing(
    "the graph diamond, entry [0, 1] of every gradient",
    (
        DrawnNode("a", "a", 0.5, -0.25, wrong=True),
        DrawnNode("n1", "sigmoid(a)", 1.0, 1.0),
        DrawnNode("n2", "negative(a)", 1.0, 1.0),
        DrawnNode("y", "add(n1, n2)", 1.0, 1.0),
    ),
    (("a", "n1"), ("a", "n2"), ("n1", "y"), ("n2", "y")),
)


def svg(drawing: Drawing) -> ElementTree.Element:
    return ElementTree.fromstring(as_svg(drawing))


def texts(drawing: Drawing) -> str:
    return " ".join("".join(element.itertext()) for element in svg(drawing))


def test_the_text_goes_from_the_loss_back_to_the_leaves() -> None:
    assert as_text(DIAMOND).splitlines() == [
        "the graph diamond, entry [0, 1] of every gradient",
        "  y = add(n1, n2)    yours 1   expected 1",
        "  n2 = negative(a)   yours 1   expected 1",
        "  n1 = sigmoid(a)    yours 1   expected 1",
        "  a                  yours 0.5   expected -0.25   <- differs",
    ]


def test_what_must_stay_hidden_is_in_neither() -> None:
    hidden = Drawing("t", (DrawnNode("a", "a", 0.5, None, wrong=True),))
    assert as_text(hidden).splitlines()[1] == "  a   yours 0.5   <- differs"
    assert "expected" not in as_svg(hidden)


def test_the_picture_says_in_words_what_it_shows() -> None:
    root = svg(DIAMOND)
    title, description = root[0], root[1]
    assert (title.tag.split("}")[1], title.text) == ("title", DIAMOND.title)
    assert "a: yours 0.5, expected -0.25, wrong" in str(description.text)


def test_the_picture_stands_alone_and_takes_the_colour_of_its_page() -> None:
    source = as_svg(DIAMOND)
    assert source.count("http") == 1  # the name space
    assert "currentColor" in source
    assert not any(word in source for word in ("<script", "<style", "href", "#"))


def test_a_wrong_node_is_told_by_its_border() -> None:
    assert as_svg(DIAMOND).count("stroke-dasharray") == 1


def test_values_flow_from_left_to_right() -> None:
    boxes = [e for e in svg(DIAMOND) if e.tag.endswith("rect")]
    left = [int(box.attrib["x"]) for box in boxes]
    assert left[0] < left[1] == left[2] < left[3]


def test_a_value_that_is_taken_twice_has_two_arrows() -> None:
    nodes = (DrawnNode("a", "a"), DrawnNode("y", "matmul(a, a)"))
    once, twice = (Drawing("t", nodes, (("a", "y"),) * n) for n in (1, 2))
    assert as_svg(twice).count("<path") == 2 * as_svg(once).count("<path")


def test_a_name_is_text_and_never_markup() -> None:
    assert "<b>" in texts(Drawing("t", (DrawnNode("<b>", "<b>"),)))
