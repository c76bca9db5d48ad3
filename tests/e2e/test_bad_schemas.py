"""JSON Schemas of the user that are no schemas, or odd ones: what `validate` says."""

from __future__ import annotations

import json

import pytest

FLEET = """\
apiVersion: edgeops/v1
kind: Fleet
metadata: {name: tiny}
spec: {hubs: {local: {}}}
---
apiVersion: edgeops/v1
kind: Device
metadata: {name: x}
spec: {modules: {m: {desired: {a: 1}}}}
---
apiVersion: edgeops/v1
kind: Module
metadata: {name: m}
spec: {schema: schemas/m.json}
"""
KEY = "c2VjcmV0c2VjcmV0c2VjcmV0"
CONNECTION = f"HostName=h.azure-devices.net;SharedAccessKeyName=o;SharedAccessKey={KEY}"
BRANCHING = json.dumps(
    {
        "$defs": {f"d{n}": {"allOf": [{"$ref": f"#/$defs/d{n + 1}"}] * 2} for n in range(24)}
        | {"d24": {}},
        "$ref": "#/$defs/d0",
    }
)
NOT = "schemas/m.json:1:1: is not a JSON Schema: "
SCHEMAS = {
    '{"properties": {"a": {"pattern": "("}}}': f"{NOT}`(` is not a valid regular expression",
    '{"properties": {"a": {"pattern": "a{99999999999}"}}}': (
        f"{NOT}`a{{99999999999}}` is not a valid regular expression"
    ),
    '{"patternProperties": {"a{99999999999}": {}}}': (
        f"{NOT}`a{{99999999999}}` is not a valid regular expression"
    ),
    '{"type": "strnig"}': f"{NOT}is `strnig`; it must be array, boolean",
    '{"$ref": "https://example.com/x.json"}': (
        f"{NOT}`https://example.com/x.json` is not in this schema"
    ),
    '{"$dynamicRef": "#none"}': f"{NOT}`#none` is not in this schema",
    '{"$ref": "#"}': "fleet/x.yaml:9:22: the schema refers to itself endlessly",
    '{"properties": {"a": {"$id": "urn:a", "$ref": "#/$defs/b"}}, "$defs": {"b": {}}}': (
        "fleet/x.yaml:9:22: the schema refers to `/$defs/b`, which is not in it"
    ),
    '{"maximum": 1e400}': "schemas/m.json:1:1: is not JSON: 1e400 is too large a number",
    "[" * 100_000: "schemas/m.json:1:1: is nested too deeply",
    "1" * 5000: "schemas/m.json:1:1: is not JSON: Exceeds the limit (4300 digits)",
    '{"properties": {"a": {"const": "\\ud800"}}}': (
        "fleet/x.yaml:9:32: is `1`; it must be `\\ud800`"
    ),
    f'{{"properties": {{"a": {{"maximum": {-(10**30)}}}}}}}': "fleet/x.yaml:9:32: is 1; it must",
    '{"properties": {"a": {"pattern": "(?=a)"}}}': f"{NOT}`(?=a)` is not a regular expression that",
    '{"$ref": "#/x", "x": {"type": "no"}}': f"{NOT}`#/x` is not a schema: is `no`; it must be",
    f'{{"maximum": {"9" * 400}}}': "schemas/m.json:1:1: is not JSON: 9999",
    BRANCHING: (
        "fleet/x.yaml:9:22: the schema takes too many steps to check this value; it stopped at"
    ),
    f'{{"properties": {{"a": {{"const": "{CONNECTION}"}}}}}}': "fleet/x.yaml:9:32: is `1`; it must",
}


@pytest.mark.parametrize("schema", SCHEMAS, ids=lambda schema: schema[:40])
def test_a_bad_schema_of_the_user(empty_repo, schema):
    empty_repo.write("fleet/x.yaml", FLEET)
    empty_repo.write("schemas/m.json", schema)
    for _ in ("read", "remembered"):
        result = empty_repo.edgeops("validate")
        assert (result.code, result.err) == (3, "")
        assert result.out.startswith(SCHEMAS[schema])
        assert KEY not in result.out


def test_an_expression_takes_no_more_time_than_its_text_is_long(empty_repo):
    empty_repo.write("fleet/x.yaml", FLEET.replace("{a: 1}", f"{{a: '{'a' * 60}!'}}"))
    empty_repo.write("schemas/m.json", '{"properties": {"a": {"pattern": "^(a|a)*$"}}}')
    result = empty_repo.edgeops("validate")
    assert result.code == 3
    assert "hint: pattern: ^(a|a)*$" in result.out


def test_a_schema_that_is_missing(empty_repo):
    empty_repo.write("fleet/x.yaml", FLEET)
    result = empty_repo.edgeops("validate")
    assert result.out.startswith("fleet/x.yaml:14:8: there is no file `schemas/m.json`")
    assert result.code == 3
