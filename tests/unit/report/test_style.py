"""Lines of styled text."""

from edgeops.fleet.shown import printable
from edgeops.report.style import bold, columns, green, red, render


def test_plain_and_coloured_text_have_the_same_characters():
    lines = [[green("+ "), "create ", bold("queen-street-210")], []]
    assert render(lines, color=False) == "+ create queen-street-210\n"
    assert render(lines, color=True) == ("\x1b[32m+ \x1b[0mcreate \x1b[1mqueen-street-210\x1b[0m\n")


def test_a_value_can_neither_steer_the_terminal_nor_begin_a_line():
    assert printable("a\x1b[2Jb\nc\td\u202ee\ud800") == "a\\u001b[2Jb\\nc\\td\\u202ee\\ud800"
    assert render([[red("x\n::error::y")]], color=False) == "x\\n::error::y"


def test_columns_are_aligned_and_end_without_spaces():
    rows = [["DEVICE", "OK", "REASON"], [bold("queen-street-210"), "yes", ""], ["a", "no", "x y"]]
    assert render(columns(rows), color=False).split("\n") == [
        "DEVICE             OK    REASON",
        "queen-street-210   yes",
        "a                  no    x y",
    ]


def test_a_very_long_cell_moves_only_its_own_row():
    rows = [["a" * 100, "1"], ["b", "2"], ["cc", "3"]]
    assert render(columns(rows), color=False).split("\n") == [
        "a" * 100 + "   1",
        "b    2",
        "cc   3",
    ]
