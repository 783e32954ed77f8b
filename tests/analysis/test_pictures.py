"""Pictures show what they say: a bar for each time, nothing over anything else, a still one where nothing runs."""

from __future__ import annotations

import builtins
import tempfile
from collections.abc import Iterator
from datetime import UTC, date, datetime
from itertools import combinations
from typing import TYPE_CHECKING, Any

import matplotlib as mpl
import pytest

from graphmem.analysis import Area, chains, churn, communities, half_life, health, plots
from graphmem.analysis.lanes import MOST_PERIODS, cells, segments
from graphmem.analysis.slider import AsOfSlider
from graphmem.analysis.walking import memories
from graphmem.demo.fresh import fresh_memory, packaging_memory
from graphmem.errors import InvalidInput
from graphmem.model import At, LinkKind

if TYPE_CHECKING:
    from matplotlib.axes import Axes

    from graphmem.service.drawing import Network

mpl.use("agg")
_PNG = b"\x89PNG\r\n"


@pytest.fixture(scope="module", autouse=True)
def thrown_away(tmp_path_factory: pytest.TempPathFactory) -> Iterator[None]:
    """Fresh memories stand where other files of tests do."""
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(tempfile, "tempdir", str(tmp_path_factory.mktemp("fresh")))
        yield


@pytest.fixture(autouse=True)
def closed() -> Iterator[None]:
    import matplotlib.pyplot as plt

    yield
    plt.close("all")


@pytest.fixture(scope="module")
def graph() -> Network:
    memory, _ = packaging_memory()
    with memory:
        ids = {node["aliases"][0]: key for key, node in memories(memory.to_networkx())}
        memory.link(ids["PEP 517"], ids["PEP 518"], LinkKind.DEPENDS_ON)
        return memory.to_networkx()


def day(year: int) -> datetime:
    return datetime(year, 1, 1, tzinfo=UTC)


def drawn(axes: Axes) -> Axes:
    """The axes, once all of it was really drawn."""
    figure = axes.get_figure(root=True)
    assert figure is not None
    figure.canvas.draw()
    return axes


def names(axes: Axes) -> list[str]:
    return [one.get_text() for one in axes.get_yticklabels()]


def test_every_memory_that_ever_held_has_a_row(graph: Network) -> None:
    axes = drawn(plots.interval_bars(graph))
    held = [node for _, node in memories(graph) if node["holding"]]
    assert (len(names(axes)), len(axes.patches)) == (len(held), sum(len(node["holding"]) for node in held))
    assert names(axes)[0].startswith("PEP 241")


def test_colours_follow_the_asked_day(graph: Network) -> None:
    key = next(key for key, node in memories(graph) if node["aliases"] == ("PEP 345",))
    colours = [
        plots.interval_bars(graph, [key], as_of=day(year)).patches[0].get_facecolor() for year in (2005, 2015, 2025)
    ]
    assert colours == [mpl.colors.to_rgba(one) for one in (plots.TO_COME, plots.HOLDS, plots.PAST)]


def test_chains_boxes_and_counts_are_drawn(graph: Network) -> None:
    drawn(plots.chain_lanes(graph, chains(graph)))
    boxes = drawn(plots.decision_graph(graph, [one.memories for one in communities(graph)]))
    assert sum(text.get_text().startswith("PEP") for text in boxes.texts) == 34
    shown = drawn(plots.survival_curves(half_life(graph, Area.LABEL)[:3])).get_legend()
    assert shown is not None
    assert shown.get_texts()[0].get_text() == "all: more than half are in force (9 of 29 over)"
    drawn(plots.churn_bars(churn(graph)))
    assert drawn(plots.health_bars(health(graph))).get_title("left") == "20 of 20 memories in force need attention"


def test_boxes_do_not_cover_each_other(graph: Network) -> None:
    axes = drawn(plots.decision_graph(graph, [one.memories for one in communities(graph)]))
    boxes = [text.get_bbox_patch() for text in axes.texts if text.get_text()]
    places = [box.get_window_extent() for box in boxes if box is not None]
    assert len(places) == 34
    assert [pair for pair in combinations(places, 2) if pair[0].overlaps(pair[1])] == []


def test_names_of_rows_and_bars_do_not_cover_each_other(graph: Network) -> None:
    axes = drawn(plots.chain_lanes(graph, chains(graph)))
    places = [text.get_window_extent() for text in axes.texts[:-1]]
    assert [pair for pair in combinations(places, 2) if pair[0].overlaps(pair[1])] == []


def test_an_empty_memory_has_pictures_too() -> None:
    memory, _ = fresh_memory()
    with memory:
        empty = memory.to_networkx(at=At(day(2020)))
    for axes in (
        plots.interval_bars(empty),
        plots.chain_lanes(empty, ()),
        plots.decision_graph(empty),
        plots.survival_curves(half_life(empty)),
        plots.churn_bars(()),
        plots.health_bars(health(empty)),
        plots.belief_rows([empty], "s"),
    ):
        drawn(axes)


def test_places_are_taken_once_and_periods_are_few(graph: Network) -> None:
    ids = [key for key, _ in memories(graph)]
    for groups in ((), [one.memories for one in communities(graph)]):
        placed = cells(graph, ids, groups)
        assert placed.keys() == set(ids)
        assert len(set(placed.values())) == len(ids)
        assert {(one.period.month, one.period.day) for one in placed.values()} == {(1, 1)}
    few = ids[:MOST_PERIODS]
    assert len({cell.period for cell in cells(graph, few).values()}) == len({began(graph, key) for key in few})


def began(graph: Network, key: str) -> date:
    node = graph.nodes[key]
    moment: datetime = node["valid_from"] or node["moves"][0].at
    return moment.date()


def test_times_of_a_chain_that_overlap_are_in_different_rows(graph: Network) -> None:
    for chain in chains(graph):
        found = segments(graph, chain, day(2026))
        for one, other in combinations(found, 2):
            assert one.row != other.row or one.end <= other.start or other.end <= one.start


# ---- the slider


def longest(graph: Network) -> tuple[str, ...]:
    return chains(graph)[0].memories


def test_a_slider_shows_a_picture_where_nothing_runs(graph: Network) -> None:
    slider = AsOfSlider(
        lambda moment: plots.interval_bars(graph, longest(graph), as_of=moment), [day(2010), day(2020)], start=0
    )
    bundle = slider._repr_mimebundle_()
    assert bundle["text/plain"] == "as of 2010-01-01"
    assert bundle["image/png"].startswith("iVBOR")
    assert "application/vnd.jupyter.widget-view+json" in bundle


def test_a_slider_works_without_ipywidgets(graph: Network, monkeypatch: pytest.MonkeyPatch) -> None:
    real = builtins.__import__

    def without(name: str, *rest: Any) -> Any:  # noqa: ANN401
        if name == "ipywidgets":
            raise ModuleNotFoundError(name)
        return real(name, *rest)

    monkeypatch.setattr(builtins, "__import__", without)
    bundle = AsOfSlider(
        lambda moment: plots.interval_bars(graph, longest(graph), as_of=moment), [day(2010)]
    )._repr_mimebundle_()
    assert set(bundle) == {"text/plain", "image/png"}


def test_moving_the_slider_draws_anew(graph: Network) -> None:
    import ipywidgets

    slider = AsOfSlider(
        lambda moment: plots.interval_bars(graph, longest(graph), as_of=moment), [day(2010), day(2020)], start=0
    )
    made: list[Any] = []
    ipywidgets.Widget.on_widget_constructed(made.append)
    slider._repr_mimebundle_()
    ipywidgets.Widget.on_widget_constructed(None)
    (image,) = (one for one in made if isinstance(one, ipywidgets.Image))
    (control,) = (one for one in made if isinstance(one, ipywidgets.SelectionSlider))
    before = image.value
    control.value = day(2020)
    assert (before[:6], image.value[:6], image.value != before) == (_PNG, _PNG, True)


def test_a_slider_needs_a_day() -> None:
    with pytest.raises(InvalidInput, match="at least one day"):
        AsOfSlider(lambda _: plots.health_bars(None), [])  # type: ignore[arg-type]
