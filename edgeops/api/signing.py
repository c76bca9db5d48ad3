"""Keys and signatures of releases."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

from edgeops.api.trust import trust_of
from edgeops.api.workspace import Workspace
from edgeops.errors import EdgeOpsError, Refused, UsageError

if TYPE_CHECKING:
    from edgeops.fleet.model import Named
    from edgeops.fleet.trust import Trust
    from edgeops.publishing.signing import Signer
    from edgeops.release import ModelRelease
    from edgeops.signature import PrivateKey

_TRUST = "`trust` in the Fleet"


@dataclass(frozen=True, slots=True)
class KeyPair:
    """A new pair of keys: their files, and what signatures say of the key."""

    private: Path
    public: Path
    identity: str


@dataclass(frozen=True, slots=True)
class SignedRelease:
    """A release (`name@version`) or Context, its file, the key, and whether that was changed."""

    release: str
    file: Path
    key: str
    new: bool


def make_key(private: Path, public: Path | None = None) -> KeyPair:
    """Make a pair of Ed25519 keys; the public one is `<private>.pub` by default.

    Raises `Refused` if a file exists, or git could take the private one into a commit.
    """
    from edgeops.publishing.keys import make_key as make

    public = public or private.with_name(f"{private.name}.pub")
    return KeyPair(private, public, make(private, public).identity)


def signer(workspace: Workspace, *, sign: bool, key: Path | None) -> Signer:
    """What signs a release: with the key in a file, or in EDGEOPS_SIGNING_KEY.

    It signs as well if that variable is set. Raises `Refused` if the Fleet trusts other keys only,
    or none is there and the Fleet wants one, and `EdgeOpsError` for a key that cannot be read.
    """
    from edgeops.publishing.keys import SIGNING_KEY
    from edgeops.publishing.signing import unsigned
    from edgeops.signature import signed

    trust = trust_of(workspace)
    if not (sign or key or workspace.environ.get(SIGNING_KEY, "").strip()):
        if trust is not None:
            raise Refused(
                f"a release must be signed: {_TRUST} says so",
                f"publish with --sign --key FILE, or with the key in {SIGNING_KEY}",
            )
        return unsigned
    private = _private_key(workspace, key, trust)
    return lambda release: signed(release, private)


def sign_releases(
    workspace: Workspace, references: Sequence[str], *, key: Path | None = None
) -> list[SignedRelease]:
    """Add a signature to releases (NAME@VERSION) or Contexts (NAME), or replace it.

    Nothing else of their files changes. The published files of releases are read first: what is
    signed is what devices get. Raises `UsageError` for one that does not exist, `Refused` if its
    files are not as it says, or the Fleet trusts other keys only, and `EdgeOpsError` for a key that
    cannot be read; no file has changed then.
    """
    from edgeops.api.releases import verify_files
    from edgeops.fleet.check_release import KIND as RELEASE
    from edgeops.fleet.context import KIND as CONTEXT
    from edgeops.source.releases import load_releases

    private = _private_key(workspace, key, trust_of(workspace))
    wanted = list(dict.fromkeys(references))
    contexts = {name: _context(workspace, name) for name in wanted if "@" not in name}
    names = [name for name in wanted if "@" in name]
    for checked in verify_files(workspace, names) if names else ():
        if not checked.good:
            reasons = [check.reason for check in checked.checks if check.reason]
            why = reasons[0] if reasons else "they are not in the store"
            raise Refused(
                f"{checked.release} was not signed, since its published files are not as it says:"
                f" {why}",
                f"see `edgeops model verify {checked.release}`",
            )
    releases = load_releases(workspace.root).releases
    return [
        _sign(contexts[name], CONTEXT, workspace.root, private)
        if name in contexts
        else _sign(releases[name], RELEASE, workspace.root, private)
        for name in wanted
    ]


def _context(workspace: Workspace, name: str) -> Named[ModelRelease]:
    from edgeops.fleet.suggest import did_you_mean

    has_fleet = (workspace.root / "fleet").is_dir()
    contexts = workspace.at(None).catalog.contexts if has_fleet else {}
    if name not in contexts:
        hint = did_you_mean(name, contexts) or "name one as NAME@VERSION, or a Context as NAME"
        raise UsageError(f"`{name}` is not a release, nor a valid Context", hint)
    return contexts[name]


def _sign(named: Named[ModelRelease], kind: str, root: Path, private: PrivateKey) -> SignedRelease:
    """Put the signature into the manifest; nothing else of the file changes."""
    from edgeops.promotion.splice import spliced_into
    from edgeops.publishing.release_file import signature_value
    from edgeops.signature import public_key_of, signed, statements
    from edgeops.user_files import read_text, write_atomically

    identity = public_key_of(private).identity
    before, after = named.spec, signed(named.spec, private)
    shown = Path(named.document.file)
    if after == before:
        return SignedRelease(named.name, shown, identity, new=False)
    file = root / shown
    text: str | None = read_text(file, "the manifest", "")
    for index, (_, signature) in enumerate(statements(after)):
        path = ("variants", index, "signature") if after.variants else ("signature",)
        if signature is not None and text is not None:
            value = signature_value(signature)
            text = spliced_into(text, kind, before.name, path, value)
    if text is None or not _has(text, kind, after):
        raise EdgeOpsError(
            f"the signature cannot be put into {shown} as it is written",
            "write the file in block style, without anchors, and sign it again",
        )
    write_atomically(file, text)
    return SignedRelease(named.name, shown, identity, new=True)


def _has(text: str, kind: str, release: ModelRelease) -> bool:
    """Whether a manifest of this kind in a text is that of a release."""
    from edgeops.fleet.catalog import READERS
    from edgeops.fleet.manifest import parse
    from edgeops.source.schemas import packaged_schemas

    documents, problems = parse("release.yaml", text.encode(), packaged_schemas())
    wrong = [problem for problem in problems if not problem.warning]
    found = (READERS[kind](each).spec for each in documents if each.value["kind"] == kind)
    return not wrong and release in found


def _private_key(workspace: Workspace, file: Path | None, trust: Trust | None) -> PrivateKey:
    from edgeops.publishing.keys import signing_key
    from edgeops.signature import public_key_of

    private = signing_key(file, workspace.environ)
    public = public_key_of(private)
    if trust is not None and public not in trust.keys:
        known = ", ".join(key.identity for key in trust.keys)
        raise Refused(
            f"the key {public.identity} is not one that the Fleet trusts ({known})",
            f"sign with one of these, or add its public key to {_TRUST}",
        )
    return private
