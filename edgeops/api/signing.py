"""Keys and signatures of releases."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

from edgeops.api.workspace import Workspace
from edgeops.errors import EdgeOpsError, InvalidState, Refused, UsageError

if TYPE_CHECKING:
    from edgeops.publishing.signing import Signer
    from edgeops.release import ModelRelease
    from edgeops.signature import PrivateKey, PublicKey

_TRUST = "`trust` in the Fleet"


@dataclass(frozen=True, slots=True)
class KeyPair:
    """A new pair of keys: their files, and what signatures say of the key."""

    private: Path
    public: Path
    identity: str


@dataclass(frozen=True, slots=True)
class SignedRelease:
    """A release (`name@version`), its file, the key, and whether the file was changed."""

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

    trust = _trusted(workspace)
    if not (sign or key or workspace.environ.get(SIGNING_KEY, "").strip()):
        if trust is not None:
            raise Refused(
                f"a release must be signed: {_TRUST} says so",
                f"publish with --sign --key FILE, or with the key in {SIGNING_KEY}",
            )
        return unsigned
    private = _private_key(workspace, key, trust)
    return lambda release: signed(release, private)


def sign_release(workspace: Workspace, reference: str, *, key: Path | None = None) -> SignedRelease:
    """Add a signature to a release file, or replace it; nothing else of the file changes.

    The published files are read first: what is signed is what devices get. Raises `UsageError` for
    a release that does not exist, `Refused` if its files are not as it says, or the Fleet trusts
    other keys only, and `EdgeOpsError` for a key that cannot be read.
    """
    from edgeops.api.releases import verify
    from edgeops.promotion.splice import spliced_into
    from edgeops.publishing.release_file import signature_value
    from edgeops.signature import public_key_of, signed, statements
    from edgeops.source.releases import load_releases
    from edgeops.user_files import read_text, write_atomically

    private = _private_key(workspace, key, _trusted(workspace))
    identity = public_key_of(private).identity
    if "@" not in reference:
        raise UsageError(f"`{reference}` is not a release", "name one as NAME@VERSION")
    (checked,) = verify(workspace, [reference])
    if not checked.good:
        reasons = [check.reason for check in checked.checks if check.reason]
        why = reasons[0] if reasons else "they are not in the store"
        raise Refused(
            f"{reference} was not signed, since its published files are not as it says: {why}",
            f"see `edgeops model verify {reference}`",
        )
    releases = load_releases(workspace.root)
    before, file = releases.releases[reference], releases.file(reference)
    after = signed(before.spec, private)
    shown = file.relative_to(workspace.root)
    if after == before.spec:
        return SignedRelease(reference, shown, identity, new=False)
    text: str | None = read_text(file, "the release file", "")
    for index, (_, signature) in enumerate(statements(after)):
        path = ("variants", index, "signature") if after.variants else ("signature",)
        if signature is not None and text is not None:
            value = signature_value(signature)
            text = spliced_into(text, "ModelRelease", before.spec.name, path, value)
    if text is None or not _is(text, after):
        raise EdgeOpsError(
            f"the signature cannot be put into {shown} as it is written",
            "write the file in block style, without anchors, and sign it again",
        )
    write_atomically(file, text)
    return SignedRelease(reference, shown, identity, new=True)


def _is(text: str, release: ModelRelease) -> bool:
    """Whether a text of a release file is that of a release."""
    from edgeops.fleet.kinds import read_release
    from edgeops.fleet.manifest import parse
    from edgeops.source.schemas import packaged_schemas

    documents, problems = parse("release.yaml", text.encode(), packaged_schemas())
    wrong = [problem for problem in problems if not problem.warning]
    return not wrong and any(read_release(document).spec == release for document in documents)


def _trusted(workspace: Workspace) -> tuple[PublicKey, ...] | None:
    """The keys that the Fleet trusts, None without a Fleet, or if releases need not be signed.

    Raises `InvalidState` if the Fleet or one of the keys cannot be read.
    """
    from edgeops.fleet.outline import may_hold
    from edgeops.fleet.trust import read_trust

    if not (workspace.root / "fleet").is_dir():
        return None
    tree = workspace.at(None)
    snapshot = tree.snapshot
    if tree.catalog.fleet is None and may_hold(snapshot.spoiled, "Fleet"):
        raise InvalidState(
            "the Fleet cannot be read, so it is not known whose signatures it trusts",
            "see `edgeops validate`",
        )
    trust, problems = read_trust(tree.catalog, snapshot.keys)
    if problems:
        raise InvalidState(f"{problems[0].place}: {problems[0].message}", problems[0].hint)
    return trust.keys if trust else None


def _private_key(
    workspace: Workspace, file: Path | None, trust: tuple[PublicKey, ...] | None
) -> PrivateKey:
    from edgeops.fleet.trust import trusted
    from edgeops.publishing.keys import signing_key
    from edgeops.signature import public_key_of

    private = signing_key(file, workspace.environ)
    public = public_key_of(private)
    if trust is not None and not trusted(trust, public):
        known = ", ".join(key.identity for key in trust)
        raise Refused(
            f"the key {public.identity} is not one that the Fleet trusts ({known})",
            f"sign with one of these, or add its public key to {_TRUST}",
        )
    return private
