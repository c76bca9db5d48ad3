"""Whose signatures a fleet trusts: `Fleet.spec.trust`, and which releases it therefore refuses."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field

from edgeops.errors import EdgeOpsError
from edgeops.fleet.catalog import Catalog
from edgeops.fleet.finding import Finding
from edgeops.fleet.layers import FROM, Path
from edgeops.fleet.model import MODEL_LOADER, DesiredDevice, KeyFile, Named, Problem
from edgeops.fleet.secrets import holds_private_key
from edgeops.release import ModelRelease
from edgeops.secret_reference import is_secret
from edgeops.signature import PublicKey, is_signed, read_public_key, statements


@dataclass(slots=True)
class Trust:
    """The public keys that a fleet trusts, of which one must have signed each release in use.

    `named` has them by their files. Not `complete`: a key cannot be read, so that nothing is said
    of the releases.
    """

    named: Mapping[str, PublicKey]
    complete: bool = True
    _signed: dict[ModelRelease, bool] = field(default_factory=dict)

    @property
    def keys(self) -> tuple[PublicKey, ...]:
        """The keys."""
        return tuple(self.named.values())

    def findings(self, device: DesiredDevice) -> Iterator[Finding]:
        """The models of a device that no trusted key signed, and those that no release names."""
        for path in _pinned_by_hand(device):
            yield Finding(
                path,
                "names a model without a release; the Fleet trusts signed releases only",
                "publish and sign the file as a release, and name that in `models` of the device",
            )
        for slot, release in device.models.items() if self.complete else ():
            if not self.is_signed(release) and next(self.wrong(release), None) is None:
                named = release.reference if release.content is None else release.name
                yield Finding(
                    ("models", slot),
                    f"`{named}` is not signed by a key that the Fleet trusts",
                    f"edgeops model sign {named}",
                )

    def is_signed(self, release: ModelRelease) -> bool:
        """Whether trusted keys have signed a release, or each of its variants."""
        if release not in self._signed:
            self._signed[release] = all(
                signature is not None and is_signed(said, signature, self.keys)
                for said, signature in statements(release)
            )
        return self._signed[release]

    def wrong(self, release: ModelRelease) -> Iterator[int]:
        """The indexes of the statements that a trusted key is said to have signed, and has not."""
        known = {key.identity for key in self.keys}
        for index, (said, signature) in enumerate(statements(release)):
            if signature and signature.key in known and not is_signed(said, signature, self.keys):
                yield index


def read_trust(
    catalog: Catalog, files: Mapping[str, KeyFile]
) -> tuple[Trust | None, tuple[Problem, ...]]:
    """What the Fleet trusts, None if it does not say, and the problems of its key files."""
    if catalog.fleet is None or catalog.fleet.spec.trust is None:
        return None, ()
    keys, problems = {}, []
    for index, path in enumerate(catalog.fleet.spec.trust):
        try:
            keys[path] = _key(path, files.get(path, KeyFile(fault="does not exist")))
        except EdgeOpsError as error:
            at = f"/spec/trust/releases/{index}"
            problem = catalog.fleet.document.problem(at, error.message, error.hint)
            problems.append(problem)
    return Trust(keys, complete=not problems), tuple(problems)


def signature_problems(catalog: Catalog, trust: Trust) -> Iterator[Problem]:
    """Release files and Contexts that differ from what a trusted key signed."""
    for named in (*catalog.releases.values(), *catalog.contexts.values()):
        for index in trust.wrong(named.spec):
            holder = f"/spec/variants/{index}" if named.spec.variants else "/spec"
            yield named.document.problem(
                f"{holder}/signature",
                f"the signature is wrong: this is not the {_word(named)} that the key signed",
                f"restore the file; or, if it is right, edgeops model sign {named.name}",
            )


def _word(named: Named[ModelRelease]) -> str:
    return "release" if named.spec.content is None else "Context"


def signers(release: ModelRelease, trust: Trust | None) -> str:
    """Who signed a release, or its variants: files of trusted keys, identities, or `unsigned`."""
    files = {key.identity: path for path, key in trust.named.items()} if trust else {}
    signatures = [signature for _, signature in statements(release)]
    who = [files.get(each.key, each.key) if each else "unsigned" for each in signatures]
    return ", ".join(dict.fromkeys(who))


def _pinned_by_hand(device: DesiredDevice) -> Iterator[Path]:
    """Where desired properties of a loader name a model themselves: in a slot, or by its address.

    The single-model form has its address under any name at their root, or in a secret.
    """
    for name, module in device.modules.items():
        if MODEL_LOADER in (name, module.spec.get(FROM)):
            at = ("modules", name, "desired")
            ours = device.models if name == MODEL_LOADER else {}
            slots = module.desired.get("models")
            if isinstance(slots, dict):
                yield from ((*at, "models", slot) for slot in slots if slot not in ours)
            for key, value in module.desired.items():
                if is_secret(value) or (isinstance(value, str) and value.startswith("https://")):
                    yield (*at, key)


def _key(path: str, file: KeyFile) -> PublicKey:
    hint = "put the public key of `edgeops model key` there, and commit it"
    if file.fault:
        raise EdgeOpsError(f"the key file {path} {file.fault}", hint)
    if holds_private_key(file.data):
        raise EdgeOpsError(
            f"{path} holds a private key, which everybody who reads the repository can now use",
            f"replace it: make another pair, and {hint}",
        )
    return read_public_key(file.data, path)
