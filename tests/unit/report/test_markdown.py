"""Foreign text in Markdown, as GitHub's own parser reads it."""

import re

import pytest
from github_markdown import escapes, html_of
from hostile import HOSTILE, MARKED, commands
from hypothesis import given
from hypothesis import strategies as st

from edgeops.report.markdown import (
    cell,
    code,
    diff_fence,
    html_code,
    html_plain,
    image,
    link,
    plain,
    title,
)

KEY = "c2VjcmV0" * 5 + "c2U="
TABLE = "| a | b |\n|---|---|\n| {} | {} |"


@pytest.mark.parametrize(
    "markdown",
    ["`" * 81 + " @a " + "`" * 81, "a <i>b</i>", "@octocat", "www.evil.example", "</details>"],
)
def test_the_oracle_sees_what_is_live(markdown):
    assert escapes(markdown)


@pytest.mark.parametrize("run", [1, 2, 8, 19, 20, 79, 80, 81, 1000])
def test_no_run_of_backticks_ends_code(run):
    text = code(f"x{'`' * run}@y **z**", 2_000)
    assert html_of(text).count("<code>") == 1
    assert not escapes(text)


@given(MARKED, st.sampled_from([1, 7, 20, 200, 3_000]))
def test_code_stays_code(text, limit):
    for markdown in (
        code(text, limit),
        f"- {code(text, limit)}: {code(text, limit)}",
        f"### edgeops: {code(text, limit)} at {code(text, limit)}",
        f"> [!WARNING]\n> **3 devices**: {code(text, limit)}, and 2 more",
        f"<details><summary>{html_code(text, limit)}</summary>\n\n{code(text)}\n\n</details>",
        f"<details><summary>{html_plain(text, limit)}</summary>\n\n</details>",
        plain(text, limit),
        diff_fence([f"+ {text}", f"- {text}"]),
    ):
        assert not escapes(markdown)
        assert not commands(markdown)


@given(MARKED, MARKED)
def test_no_cell_ends_before_its_end(first, second):
    for markdown in (TABLE.format(cell(first), cell(second)), TABLE.format(plain(first), "x")):
        assert not escapes(markdown)
        assert html_of(markdown).count("<td") == 2


@given(st.text("abcxyz019 .,:;-_+%()@#/\\|`*<>&", max_size=30))
def test_plain_text_stays_text(text):
    markdown = TABLE.format(plain(text), "x")
    assert html_of(markdown).count("<td") == 2
    assert not escapes(markdown)


@pytest.mark.parametrize(
    "text", ["7.45%", "01:00 to 23:00, 4,391 origins", "-3.71", "–", "No preview on the hub."]
)
def test_words_and_figures_are_plain(text):
    assert plain(text) == text


@pytest.mark.parametrize("text", ["GH-3", "a deadbeef1 b", ":tada:", "www.a.example", "a_b", "@a"])
def test_text_that_github_interprets_is_not_plain(text):
    assert plain(text) == f"`{text}`"


@given(HOSTILE)
def test_a_title_is_words(text):
    words = title(text)
    assert len(words) <= 201
    assert len(words.splitlines()) <= 1
    assert not set(words) & set("`#<>[]|\\*~$&\n")
    assert "://" not in words
    assert not re.search(r"(?<!\w)@", words)


def test_ordinary_titles_stay_as_they_are():
    for text in ("Release m@1.1.0 to canary", "Drift detected on hub production", "Ōtara: 5%"):
        assert title(text) == text
    assert title("[skip ci] fixes #3, @octocat") == "_skip ci_ fixes _3, _octocat"


@given(HOSTILE, HOSTILE)
def test_links_and_images_are_ours(text, url):
    ours = "https://github.com/o/r/pull/1"
    assert not escapes(link(text, ours), links=[ours])
    assert not escapes(link(text, f"javascript:{url}"))
    address = f"https://github.com/o/r/raw/c/{url}"
    shown = image(text, address)
    assert shown.count("](") == 1
    assert html_of(shown).count("<img ") == 1
    assert not commands(shown)


def test_everything_masks_secrets():
    text = f"HostName=h;SharedAccessKey={KEY}"
    for made in (code, cell, plain, html_code, title):
        assert KEY not in made(text)
    assert KEY not in link(text, text) + diff_fence([f"+ {text}"])


def test_a_reference_of_ours_may_stay():
    assert plain("grace approved it in #1", references=True) == "grace approved it in #1"
    assert plain("grace approved it in #1") == "`grace approved it in #1`"
    assert plain("o/r#1 #2", references=True) == "`o/r#1 #2`"
