"""The files of a model in a plan."""

import json

import pytest

from edgeops.plan.model import Action, Change, Plan, Reason
from edgeops.report.plan_markdown import markdown
from edgeops.report.plan_text import text
from edgeops.twin import diff


def file(name, size=1000, sha256="aa", url="https://h/"):
    return {"name": name, "url": url + name, "size": size, "sha256": sha256}


def plan_of(old, new):
    old, new = ({"models": {"s": {"files": files} if files else {}}} for files in (old, new))
    change = Change(
        "d",
        Action.PATCH_MODULE,
        Reason.CHANGED,
        module="model_loader",
        patch={"desired": diff(old, new)},
        before={"desired": old},
    )
    return Plan("f", "local", "c0ffee", "2026", 1, (change,), (), "d")


def lines(plan, **options):
    return [line.strip() for line in text(plan, **options).splitlines() if "files" in line]


def test_many_new_files_are_one_line():
    files = [file(f"part-{number}.bin", 2_000_000) for number in range(50)]
    plan = plan_of([], files)
    line = "desired.models.s.files: 50 files, 100.0 MB: part-0.bin, part-1.bin, part-2.bin, 47 more"
    assert lines(plan) == [f"+ {line}"]
    assert f"+ {line}" in markdown(plan)


@pytest.mark.parametrize(
    ("new", "words"),
    [
        ([file("a", 1100, "bb"), file("b")], "2 files, 2 KB: a changes"),
        ([file("a"), file("b"), file("c/d", 5000)], "3 files, 7 KB: c/d is new"),
        ([file("b"), file("c")], "2 files, 2 KB: c is new, a goes"),
        ([file("b"), file("a")], "2 files, 2 KB: in another order"),
        ([file("a"), file("b", url="https://x/")], "2 files, 2 KB: at other URLs"),
        (
            [file("a", sha256="bb"), file("b", sha256="bb"), file("c"), file("d")],
            "4 files, 4 KB: a changes, b changes, c is new, 1 more",
        ),
    ],
)
def test_a_change_says_what_happens_to_which_file(new, words):
    plan = plan_of([file("a"), file("b")], new)
    shown = " ".join(text(plan).split())
    assert "~ desired.models.s.files" in shown
    assert "2 files, 2 KB" in shown
    assert words in shown
    assert f"+ desired.models.s.files: {words}" in markdown(plan)


def test_verbose_shows_everything():
    files = [file("a"), file("b")]
    assert lines(plan_of([], files), verbose=True) == [
        f"+ desired.models.s.files: {json.dumps(files)}"
    ]
    assert "https://x/b" in text(
        plan_of(files, [file("a"), file("b", url="https://x/")]), verbose=True
    )


@pytest.mark.parametrize("other", [["x"], [{"name": "a"}], [{**file("a"), "size": True}]])
def test_lists_that_others_wrote_are_shown_as_they_are(other):
    assert "files, " not in text(plan_of(other, [file("a"), file("b")]))


def test_names_that_others_wrote_are_inert():
    shown = text(plan_of([], [file("a\x1b[31m\n"), file("b?sig=abcdefghijklmnopqrstuv")]))
    assert "\x1b" not in shown
    assert "abcdefghijklmnopqrstuv" not in shown


def signed(letter):
    return {"key": letter * 16, "value": letter * 86 + "=="}


def test_of_a_signature_the_beginning_is_shown():
    def plan(old, new):
        patch = {"desired": {"models": {"s": {"signature": new}}}}
        before = {"desired": {"models": {"s": {"signature": old} if old else {}}}}
        change = Change(
            "d",
            Action.PATCH_MODULE,
            Reason.CHANGED,
            module="model_loader",
            patch=patch,
            before=before,
        )
        return Plan("f", "local", "c0ffee", "2026", 1, (change,), (), "d")

    new, again = plan({}, signed("a")), plan(signed("b"), signed("a"))
    for shown in (text(new), markdown(new), text(again), markdown(again)):
        assert "a" * 16 in shown  # the key
        assert "a" * 17 not in shown
        assert "b" * 17 not in shown
    assert signed("a")["value"] in text(new, verbose=True)
