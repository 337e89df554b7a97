"""HTML that no text can break out of."""

from report_cases import Balance

from chainrule.report.html import Html, details, figure, figures, items, join, table, tag, term, text

NASTY = "\"><script>alert(1)</script>&amp;'\u202eabc\x00"


def test_text_and_attributes_are_escaped_wherever_they_come_in():
    made = join(
        [
            tag("p", NASTY, title=NASTY, aria_label=NASTY),
            table([NASTY, NASTY], [[NASTY, 1], [tag("b", NASTY), 2]], label=NASTY, right=(1,)),
            items([NASTY]),
            details(NASTY, NASTY),
            figures(figure(Html("<svg></svg>"), NASTY)),
        ]
    )
    found = Balance(made)
    assert {name for name, _ in found.elements} <= {
        "p", "div", "table", "thead", "tbody", "tr", "th", "td", "b", "ul", "li", "details", "summary", "figure", "svg",
        "figcaption",
    }  # fmt: skip
    shown = "\"><script>alert(1)</script>&amp;'\ufffdabc\ufffd"
    assert dict(found.elements[0][1])["title"] == shown
    assert found.words.count(shown) >= 7


def test_html_is_not_escaped_again_and_none_is_left_out():
    assert tag("p", tag("b", "a & b"), None, Html("&nbsp;")) == "<p><b>a &amp; b</b>&nbsp;</p>"
    assert text(text("<")) == "&lt;"
    assert tag("meta", name="a", content="b") == '<meta name="a" content="b">'
    assert items([]) == ""
    assert figures(Html()) == ""


def test_long_cells_may_be_broken_and_numbers_stand_right():
    made = table(["a", "b"], [["x" * 30, 1]], label="t", right=(1,))
    assert '<th scope="row" class="long">' in made
    assert '<td class="number">1</td>' in made
    assert 'role="group" aria-label="t" tabindex="0"' in made


def test_terms_link_to_the_glossary():
    assert term("R²") == '<a class="term" href="#term-r2">R²</a>'
