"""Stand-ins for other people's actions: each notes its inputs; some do the essence of the real one.

To stub one more action, add its inputs and outputs to `ACTIONS` (from its
action.yml), and, if it must do something, a function to stub_action.py.
"""

from __future__ import annotations

import json
import os
import subprocess
import sys
from pathlib import Path

_SCRIPT = Path(__file__).with_name("stub_action.py")

# The inputs that each takes, as in its action.yml, with their defaults; and its outputs.
ACTIONS: dict[str, tuple[dict[str, str], list[str]]] = {
    "actions/checkout": (
        {"ref": "", "repository": "", "token": "", "path": "", "fetch-depth": "1",
         "fetch-tags": "false", "persist-credentials": "true"},
        ["ref", "commit"],
    ),
    "actions/setup-python": (
        {"python-version": "", "cache": "", "cache-dependency-path": ""},
        ["python-version", "cache-hit"],
    ),
    "actions/cache": ({"path": "", "key": "", "restore-keys": ""}, ["cache-hit"]),
    "actions/upload-artifact": (
        {"name": "artifact", "path": "", "if-no-files-found": "warn", "retention-days": "",
         "overwrite": "false", "include-hidden-files": "false"},
        ["artifact-id", "artifact-url"],
    ),
    "actions/download-artifact": (
        {"name": "", "path": "", "pattern": "", "merge-multiple": "false"},
        ["download-path"],
    ),
    "actions/attest-build-provenance": (
        {"subject-path": "", "subject-name": "", "subject-digest": "", "subject-checksums": ""},
        ["bundle-path", "attestation-id", "attestation-url"],
    ),
    "azure/login": (
        {"client-id": "", "tenant-id": "", "subscription-id": "",
         "allow-no-subscriptions": "false"},
        [],
    ),
}  # fmt: skip


def write_stubs(folder: Path) -> None:
    """One git repository for each action, as act wants them."""
    for action, (inputs, outputs) in ACTIONS.items():
        root = folder / action
        root.mkdir(parents=True)
        # JSON is YAML; names, not texts, so that nothing in here is expanded by act but inputs.
        document = {
            "name": action,
            "description": "stub",
            "inputs": {name: {"default": value} for name, value in inputs.items()},
            "outputs": {name: {"value": f"${{{{ steps.it.outputs.{name} }}}}"} for name in outputs},
            "runs": {
                "using": "composite",
                "steps": [
                    {
                        "id": "it",
                        "shell": "bash",
                        "run": f'"{sys.executable}" -I "{_SCRIPT}" {action}',
                        "env": {"STUB_INPUTS": "${{ toJSON(inputs) }}"},
                    }
                ],
            },
        }
        (root / "action.yml").write_text(json.dumps(document, indent=1))
        for command in (
            ["init", "--quiet", "--initial-branch", "main"],
            ["add", "--all"],
            ["commit", "--quiet", "--message", "stub"],
        ):
            subprocess.run(["git", *command], cwd=root, check=True, env=os.environ)
