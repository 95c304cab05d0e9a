from __future__ import annotations

from recommender.evaluation import html_page
from recommender.evaluation.figures import BLUE, drawing, new_figure


def test_a_wide_table_scrolls_in_its_own_box_and_says_so() -> None:
    wide = html_page.table(["a", "b", "c"], [["1", "2", "3"]], caption="Wide")
    narrow = html_page.table(["a", "b"], [["1", "2"]], caption="Narrow")
    assert '<div class="wide" role="region" tabindex="0" aria-label="Wide">' in wide
    assert '<figure class="many">' in wide
    assert "Scrolls sideways" in wide
    assert "many" not in narrow


def test_the_first_cell_names_its_row() -> None:
    made = html_page.table(["a", "b"], [["<x>", "2\n1 to 3"]], caption="c", marked=0)
    assert '<tr class="marked"><th scope="row">&lt;x&gt;</th>' in made
    assert "<td>2<small>1 to 3</small></td>" in made


def test_grounds_are_deeper_where_it_is_asked_and_text_stays_legible() -> None:
    made = html_page.table(["a", "b", "c"], [["x", "1", "2"]], caption="c", shades=[[0.0, 0.9]])
    assert "<td>1</td>" in made
    assert '<td class="shaded deep" style="--shade: 90%">2</td>' in made


def test_drawings_take_the_colours_of_the_page() -> None:
    figure, axes = new_figure(3.0, 2.0)
    axes.plot([1, 2], [1, 2], color=BLUE, label="seen")
    axes.legend()
    svg = drawing(figure)
    assert svg.startswith("<svg ")
    assert "var(--blue)" in svg
    assert "var(--ink)" in svg
    assert BLUE.lower() not in svg
    assert "#ffffff" not in svg
    assert "http" not in svg
    assert ">seen</text>" in svg
    page = html_page.page("t", "a", [html_page.charts([(svg, "What & why")])])
    assert 'role="img" aria-label="What &amp; why"' in page
    for name in ("--blue", "--orange", "--quiet", "--ink"):
        assert page.count(f"{name}: #") == 2
