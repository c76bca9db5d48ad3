"""The values of the secrets that a plan writes.

They are read from the environment once, right before the first write. Nothing shows them: not the
outcomes, and not the words of a hub that repeats what it was sent.
"""

from __future__ import annotations

import json
import re
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from typing import Any

from edgeops.errors import EdgeOpsError
from edgeops.fleet.secrets import MASKED, mask
from edgeops.limits import TEXT_BYTES
from edgeops.plan.model import Change
from edgeops.secret_reference import secrets_in, with_secrets

# Of a secret that was cut off at the end of a text: shorter beginnings occur in ordinary words.
_SHORTEST_BEGINNING = 4
_RUN = re.compile(r"[A-Za-z0-9]{5,}")


@dataclass(frozen=True, slots=True)
class SecretValues:
    """The values of secrets by their variables."""

    _values: Mapping[str, str] = field(default_factory=dict, repr=False)

    def put_into(self, patch: Mapping[str, Any]) -> dict[str, Any]:
        """A patch as it is written: each reference replaced by the value."""
        return {
            section: with_secrets(value, lambda secret: self._values[secret.variable])
            for section, value in patch.items()
        }

    def hide(self, text: str) -> str:
        """A text without these values, as a hub may repeat them: escaped, or cut at the end."""
        forms = {form for value in self._values.values() for form in _forms(value)}
        longest_first = sorted(forms, key=lambda form: (-len(form), form))
        text = mask(text, longest_first)
        for form in longest_first:
            for length in range(len(form) - 1, _SHORTEST_BEGINNING - 1, -1):
                if text.endswith(form[:length]):
                    return text[:-length] + MASKED
        return text


def read_secrets(changes: Iterable[Change], environ: Mapping[str, str]) -> SecretValues:
    """The values of the secrets that these changes write.

    Raises `EdgeOpsError` that names every variable that is missing, and every value that no twin
    can hold.
    """
    devices: dict[str, set[str]] = {}
    for change in changes:
        for _, secret in secrets_in(dict(change.patch)):
            devices.setdefault(secret.variable, set()).add(change.device)
    missing = [variable for variable in sorted(devices) if not environ.get(variable)]
    if missing:
        needed = ", ".join(f"{variable} ({_number(devices[variable])})" for variable in missing)
        raise EdgeOpsError(
            f"the environment has no value for secrets that this plan writes: {needed}",
            "nothing was written; set these variables and sync again; in GitHub Actions, pass them"
            f" to the step that syncs: `env: {{{missing[0]}: ${{{{ secrets.NAME }}}}}}`",
        )
    for variable in sorted(devices):
        if len(environ[variable].encode("utf-8", "surrogateescape")) > TEXT_BYTES:
            raise EdgeOpsError(
                f"the value of {variable} is longer than the {TEXT_BYTES:,} bytes of a text in a"
                " twin",
                "nothing was written; give devices such a secret in another way",
            )
    return SecretValues({variable: environ[variable] for variable in devices})


def masked_secrets(changes: Iterable[Change]) -> SecretValues:
    """`***` for each secret that these changes write, for a hub that must not have them."""
    named = {s.variable for change in changes for _, s in secrets_in(dict(change.patch))}
    return SecretValues(dict.fromkeys(named, MASKED))


def _number(devices: set[str]) -> str:
    return "1 device" if len(devices) == 1 else f"{len(devices):,} devices"


def _forms(value: str) -> set[str]:
    """The forms of a value in an error: as it is, on one line, in JSON, in part masked.

    However a text was escaped, the letters and digits in it are as they were.
    """
    plain = {value, json.dumps(value)[1:-1], json.dumps(value, ensure_ascii=False)[1:-1]}
    lines = {" ".join(form.split()) for form in plain}
    runs = set(_RUN.findall(value))
    forms = plain | lines | {mask(line) for line in lines} | runs
    return {form for form in forms if form.strip("* ")}
