"""Bad manifests: what the command line says, where, and how it ends."""

from __future__ import annotations

import json

import pytest

FLEET = """\
apiVersion: edgeops/v1
kind: Fleet
metadata: {name: tiny}
spec: {hubs: {local: {}}}
"""
DEVICE = """\
apiVersion: edgeops/v1
kind: Device
metadata: {name: x}
"""
GROUP = """\
apiVersion: edgeops/v1
kind: Group
metadata: {name: %s, priority: 5}
spec: {selector: {}, tags: {floor: %d}}
"""
MODULE = """\
---
apiVersion: edgeops/v1
kind: Module
metadata: {name: m}
spec: {schema: schemas/m.json}
"""
KEY = "c2VjcmV0c2VjcmV0c2VjcmV0"
CONNECTION = f"HostName=h.azure-devices.net;SharedAccessKeyName=o;SharedAccessKey={KEY}"
REVOKE = "remove and revoke it: everyone with access to the repository can read it"


def spec(text: str) -> str:
    return f"{DEVICE}spec: {text}\n"


def tens(depth: int) -> str:
    """Anchors, each ten times the one before: the "billion laughs"."""
    lists = [f"v0: &v0 [{', '.join('1' * 10)}]"]
    lists += [
        f"v{level}: &v{level} [{', '.join([f'*v{level - 1}'] * 10)}]" for level in range(1, depth)
    ]
    return ", ".join(lists)


# what is in fleet/x.yaml -> what is said of it
CASES = {
    "broken YAML": (
        f"{DEVICE}spec: {{tags: {{a: 1\n",
        "5:1: is not YAML: did not find expected ',' or '}'",
        "is a `,` or a closing bracket missing?",
    ),
    "a tab": (
        f"{DEVICE}spec:\n\tedge: true\n",
        "5:1: is not YAML: found character that cannot start any token",
        "indent with spaces, not tabs; quote text that begins with @ ` %",
    ),
    "a wrong type": (
        spec("{edge: 'yes'}"),
        "4:8: is `yes`; it must be true, false or external  /spec/edge",
        "",
    ),
    "an unknown field": (
        spec("{desierd: {}}"),
        "4:8: unknown key `desierd`  /spec/desierd",
        "did you mean `desired`?",
    ),
    "an unknown kind": (
        "apiVersion: edgeops/v1\nkind: Devise\n",
        "2:1: unknown kind `Devise`  /kind",
        "did you mean `Device`?",
    ),
    "a list": (
        "- 1\n",
        "1:1: is not a manifest: it must be an object",
        "a manifest has apiVersion, kind, metadata and spec",
    ),
    "a duplicate device": (
        f"{spec('{}')}---\n{spec('{}')}",
        "8:12: device `x` is already defined at fleet/x.yaml:3:12  /metadata/name",
        "rename or delete one of them",
    ),
    "a duplicate key": (
        f"{spec('{}')}spec: {{}}\n",
        "5:1: duplicate key `spec`  /spec",
        "the first is on line 4; keep one of them",
    ),
    "a missing module": (
        spec("{modules: {loader: {}}}"),
        "4:18: there is no Module `loader`  /spec/modules/loader",
        "",
    ),
    "groups that clash": (
        f"{GROUP % ('one', 1)}---\n{GROUP % ('two', 2)}---\n{spec('{}')}",
        "9:29: groups `one` and `two` have the same priority (5) and both set `tags/floor`:"
        " here and at fleet/x.yaml:4:29 (device x)  /spec/tags/floor",
        "give one of them a higher `metadata.priority`",
    ),
    "a cyclic anchor": (
        f"{DEVICE}spec: &s {{tags: *s}}\n",
        "4:17: the alias `*s` is inside its own anchor",
        "",
    ),
    "an alias bomb": (
        spec(f"{{tags: {{{tens(9)}}}}}"),
        "4:279: the document has more than 100,000 values, aliases expanded",
        "split it into several documents",
    ),
    "a long alias": (
        f"a: *{'b' * 5000}\n",
        f"1:4: the alias `*{'b' * 60}...` has no anchor `&{'b' * 60}...` above it",
        "",
    ),
    "deep nesting": ("[" * 65 + "]" * 65, "1:65: is nested deeper than 64 levels", ""),
    "invalid UTF-8": (
        b"# caf\xe9\n",
        "1:6: is not UTF-8 text",
        "save the file as UTF-8",
    ),
    "UTF-16": ("kind: Device\n".encode("utf-16"), "1:1: is not UTF-8 text", "save the file as"),
    "a name that is no device id": (
        spec("{}").replace("x", "a/b"),
        "3:12: `a/b` is not valid as device id  /metadata/name",
        "1 to 128 characters: letters, digits and -",
    ),
    # a URL cannot name it: clients resolve such a segment away
    "a name of dots": (
        spec("{}").replace("x", "'..'"),
        "3:12: `..` is not valid as device id  /metadata/name",
        "1 to 128 characters: letters, digits and -",
    ),
    "too large a value": (
        spec(f"{{tags: {{note: {'v' * 4097}}}}}"),
        "4:15: `tags/note` is 4,097 bytes; a text can have at most 4,096  /spec/tags/note",
        "",
    ),
    "null in a list": (
        spec("{desired: {slots: [1, null], ports: [{name: a, limit: 1}]}}"),
        "4:29: `desired/slots/1` is null inside an array, which the hub does not allow",
        "leave it out, or use another value for it, such as an empty text or 0",
    ),
    "too large tags": (
        spec(f"{{tags: {{{', '.join(f'{key}: {key * 4000}' for key in 'abc')}}}}}"),
        "4:8: `tags` is 12,003 bytes; the hub allows at most 8,192  /spec/tags",
        "",
    ),
    "too large a number": (
        spec("{desired: {n: 99999999999999999999}}"),
        "4:18: `desired/n` is outside the hub's range of integers, "
        "-4503599627370496 to 4503599627370495",
        "",
    ),
    "a key that the hub refuses": (
        spec("{desired: {a.b: 1}}"),
        "4:18: `desired/a.b` key contains '.', which the hub does not allow  /spec/desired/a.b",
        "",
    ),
    "too many levels": (
        spec("{desired: {a: {b: {c: {d: {e: {f: {g: {h: {i: {j: {k: {l: 1}}}}}}}}}}}}}"),
        "4:58: `desired/a/b/c/d/e/f/g/h/i/j/k` is nested deeper than 10 levels",
        "",
    ),
    "a secret": (
        spec(f"{{tags: {{hub: '{CONNECTION}'}}}}"),
        "4:15: holds a connection string with its key  /spec/tags/hub",
        REVOKE,
    ),
    # what YAML makes of a connection string without a key before it
    "a secret as a key": (
        spec(f"{{tags: {{{CONNECTION}}}}}"),
        "4:8: holds a connection string with its key  /spec/tags",
        REVOKE,
    ),
    "a terminal escape": (
        spec(r'{"\e[31mred": 1}'),
        r"4:8: unknown key `\u001b[31mred`  /spec/\u001b[31mred",
        "known here: edge,",
    ),
}


@pytest.fixture
def repo(empty_repo):
    empty_repo.write("fleet/fleet.yaml", FLEET)
    return empty_repo


def put(repo, path: str, content: str | bytes) -> None:
    data = content.encode() if isinstance(content, str) else content
    (repo.root / path).parent.mkdir(parents=True, exist_ok=True)
    (repo.root / path).write_bytes(data)


@pytest.mark.parametrize("name", CASES)
def test_every_command_says_where_and_what(repo, name):
    content, message, hint = CASES[name]
    put(repo, "fleet/x.yaml", content)
    validation = repo.edgeops("validate")
    line, *hints = validation.out.splitlines()
    assert (validation.code, validation.err) == (3, "")
    assert line.startswith(f"fleet/x.yaml:{message}")
    assert hints[0].startswith(f"    hint: {hint}" if hint else ""), hints
    assert validation.out.endswith("1 problem in 1 file\n")
    assert repo.edgeops("validate").out == validation.out  # from the cache

    repo.commit()
    dry_run = repo.edgeops("sync", "--dry-run")
    assert (dry_run.code, dry_run.out) == (3, "")
    assert dry_run.err == (
        f"{validation.out}error: the desired state in HEAD is not valid\n"
        "hint: fix the problems listed above, and commit\n"
    )
    assert KEY not in validation.out + dry_run.err
    assert not (repo.root / ".edgeops/hub.db").exists()  # no hub was started for it


@pytest.mark.parametrize("name", ["a secret", "a secret as a key", "a terminal escape"])
def test_json_and_annotations_are_as_careful_as_text(repo, name):
    content, message, _ = CASES[name]
    put(repo, "fleet/x.yaml", content)
    line, column, text = message.split(":", 2)
    text = text.strip().partition("  ")[0]

    as_json = repo.edgeops("validate", "-o", "json")
    problem = json.loads(as_json.out)[0]
    assert as_json.code == 3
    assert (problem["file"], problem["line"], problem["column"]) == (
        "fleet/x.yaml",
        int(line),
        int(column),
    )
    assert problem["message"] == text

    github = repo.edgeops("validate", "-o", "github")
    assert github.code == 3
    assert github.out.startswith(f"::error file=fleet/x.yaml,line={line},col={column},title=")
    assert f"::{text}" in github.out
    for result in (as_json, github):
        assert (KEY in result.out, "\x1b" in result.out) == (False, False)


def test_all_problems_at_once_and_one_device_does_not_hide_another(repo):
    put(repo, "fleet/a.yaml", CASES["a wrong type"][0])
    put(repo, "fleet/b.yaml", CASES["broken YAML"][0])
    put(repo, "fleet/c.yaml", CASES["an unknown field"][0])
    result = repo.edgeops("validate")
    assert result.out.endswith("3 problems in 3 files\n")
    assert result.code == 3


def test_without_a_fleet(empty_repo):
    put(empty_repo, "fleet/x.yaml", spec("{}"))
    result = empty_repo.edgeops("validate")
    assert result.out.startswith("fleet:1:1: there is no Fleet\n")
    assert result.code == 3


def test_a_missing_release(repo):
    loader = MODULE.replace("name: m", "name: model_loader").replace("schema: schemas/m.json", "")
    device = spec("{models: {crowds: crowds@1.0.0}, modules: {model_loader: {}}}")
    put(repo, "fleet/x.yaml", device + loader)
    result = repo.edgeops("validate")
    assert result.out.startswith("fleet/x.yaml:4:17: there is no ModelRelease `crowds@1.0.0`")
    assert result.code == 3


@pytest.mark.parametrize("text", ["", "# only a comment\n", "---\n---\n...\n---\n# nothing\n"])
def test_a_file_with_nothing_in_it_is_a_warning(repo, text):
    put(repo, "fleet/x.yaml", text)
    warned = (
        "fleet/x.yaml:1:1: warning: defines nothing\n"
        "    hint: delete the file, or write a manifest into it\n"
        "\n"
        "1 warning in 1 file\n"
    )
    for _ in range(2):  # the second time from the cache
        valid = repo.edgeops("validate")
        assert (valid.code, valid.out) == (0, f"{warned}tiny: 0 devices, no problems\n")
    strict = repo.edgeops("validate", "--strict")
    assert (strict.code, strict.out) == (3, warned)
    assert repo.edgeops("validate", "--strict", "fleet/fleet.yaml").code == 0
    repo.commit()
    sync = repo.edgeops("sync", "--dry-run", "--offline", "--changed-since", "HEAD")
    assert (sync.code, sync.err) == (0, "1 warning: `edgeops validate --rev HEAD` shows it\n")


def test_a_byte_order_mark_and_windows_line_ends_are_no_problem(repo):
    put(repo, "fleet/x.yaml", b"\xef\xbb\xbf" + spec("{}").replace("\n", "\r\n").encode())
    assert repo.edgeops("validate").out == "tiny: 1 device, no problems\n"


# --- files ------------------------------------------------------------------------


@pytest.mark.parametrize("path", ["fleet/x.yaml", "schemas/x.json"])
def test_a_file_of_50_MB_is_refused_without_reading_it(repo, path):
    (repo.root / path).parent.mkdir(exist_ok=True)
    with (repo.root / path).open("wb") as file:
        file.truncate(50 * 1024 * 1024)
    expected = f"{path}:1:1: is 52,428,800 bytes; a file can have at most 1,048,576\n"
    assert repo.edgeops("validate").out.startswith(expected)
    repo.commit()
    result = repo.edgeops("validate", "--rev", "HEAD")
    assert (result.code, result.out.startswith(expected)) == (3, True)


def test_links_and_file_names_that_are_not_text_are_problems(repo):
    (repo.root / "fleet/folder.yaml").mkdir()
    (repo.root / "fleet/link.yaml").symlink_to("/etc/hostname")
    put(repo, 'fleet/new\nline "q" 😀\x1b[31m.yaml', "- 1\n")
    put(repo, "fleet/\udcff.yaml", "- 1\n")  # no text: the byte 0xff
    expected = [
        r"fleet/\udcff.yaml:1:1: its file name is not UTF-8",
        "fleet/link.yaml:1:1: is a symbolic link",
        r'fleet/new\nline "q" 😀\u001b[31m.yaml:1:1: is not a manifest: it must be an object',
    ]
    validation = repo.edgeops("validate")
    assert [line for line in validation.out.splitlines() if line.startswith("fleet/")] == expected
    repo.commit()
    assert repo.edgeops("validate", "--rev", "HEAD").out == validation.out
    assert len(json.loads(repo.edgeops("validate", "-o", "json").out)) == 3
    github = repo.edgeops("validate", "-o", "github").out
    assert (github.count("\n"), "\x1b" in github) == (3, False)


def test_a_path_that_is_not_there_is_not_taken_for_valid(repo, monkeypatch):
    put(repo, "fleet/groups/x.yaml", "- 1\n")
    for path in ("fleet/gruops", "/etc", ".."):
        result = repo.edgeops("validate", path)
        assert result.code == 64
        assert result.err == (
            f"error: {path} does not exist in {repo.root}\n"
            "hint: give a file or folder of the fleet\n"
        )
    other = repo.edgeops("validate", "fleet/fleet.yaml")
    assert (other.code, other.err) == (0, "no problems in fleet/fleet.yaml; 1 in other files\n")
    monkeypatch.chdir(repo.root / "fleet")
    for path in ("groups", "./groups/../groups/x.yaml", str(repo.root / "fleet"), "fleet/groups"):
        assert repo.edgeops("validate", path).code == 3
