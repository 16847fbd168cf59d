"""A signing CA of one's own is taken in every layout that Istio takes; each way it can be wrong has its own words."""

from __future__ import annotations

import subprocess
from collections.abc import Callable
from datetime import timedelta
from pathlib import Path

import pytest
from cryptography.hazmat.primitives.asymmetric import ec, rsa
from cryptography.hazmat.primitives.serialization import (
    BestAvailableEncryption,
    Encoding,
    NoEncryption,
    PrivateFormat,
)

from meshtui.ca.profile import workload_profile
from meshtui.ca.published import publish
from meshtui.ca.signer import Signer, new_serial
from meshtui.ca.signing_files import open_signing_directory
from meshtui.ca.validity import LifetimeLimits, decide_validity
from meshtui.errors import StateError
from meshtui.identity.inspect import load_certificates
from meshtui.identity.keys import key_pem, new_key
from meshtui.identity.spiffe import SpiffeId
from meshtui.identity.svid import svid_from_response
from tests.ca.hierarchy import Hierarchy, authority
from tests.identity.forge import HTTPBIN, NOW, ca, make, svid

DEEP = Hierarchy(root := authority("root"), authority("between", root))
FLAT = Hierarchy(DEEP.root)
STRANGER = authority("stranger")


def _answer(signer: Signer) -> tuple[str, ...]:
    """A leaf for httpbin, with what follows it."""
    validity = decide_validity(3600, LifetimeLimits(timedelta(hours=24)), signer.path, NOW)
    profile = workload_profile(SpiffeId.parse(HTTPBIN))
    builder = profile.builder(KEY.public_key(), new_serial(), validity, signer.certificate)
    return (signer.sign(builder).public_bytes(Encoding.PEM).decode(), *signer.following)


KEY = new_key()


@pytest.mark.parametrize("hierarchy", [FLAT, DEEP], ids=["one CA", "two CAs"])
@pytest.mark.parametrize("layout", ["write", "write_tls"])
def test_both_layouts_give_istios_order(tmp_path: Path, hierarchy: Hierarchy, layout: str) -> None:
    """Leaf, each intermediate by itself, the root bundle: an agent accepts it, and so does openssl."""
    opened = open_signing_directory(getattr(hierarchy, layout)(tmp_path / "ca"), NOW)
    assert opened.notices == ()
    assert opened.signer.name == "intermediate"
    answer = _answer(opened.signer)
    assert list(answer[1:]) == [*hierarchy.chain, hierarchy.root.pem]
    svid_from_response(answer, KEY, SpiffeId.parse(HTTPBIN), NOW)
    for name, content in (("leaf", answer[0]), ("chain", "".join(answer[1:-1])), ("root", answer[-1])):
        (tmp_path / f"{name}.pem").write_text(content)
    done = subprocess.run(
        [
            *("openssl", "verify", "-x509_strict", "-attime", str(int(NOW.timestamp())), "-CAfile"),
            *(tmp_path / "root.pem", "-untrusted", tmp_path / "chain.pem", tmp_path / "leaf.pem"),
        ],
        check=False,
        capture_output=True,
        text=True,
    )
    assert done.returncode == 0, done.stderr


def test_a_root_may_sign_itself(tmp_path: Path) -> None:
    """A self-signed CA answers with leaf and root, as Istio's own does."""
    alone = Hierarchy(FLAT.root, signing=FLAT.root)
    opened = open_signing_directory(alone.write(tmp_path / "ca", chain=[]), NOW)
    assert (opened.signer.name, opened.signer.following) == ("root", (FLAT.root.pem,))
    assert len(_answer(opened.signer)) == 2


@pytest.mark.parametrize(
    ("kind", "form"),
    [
        ("EC P-256", PrivateFormat.PKCS8),
        ("EC P-256", PrivateFormat.TraditionalOpenSSL),
        ("EC P-384", PrivateFormat.PKCS8),
        ("RSA 2048", PrivateFormat.PKCS8),
        ("RSA 2048", PrivateFormat.TraditionalOpenSSL),
    ],
)
def test_keys_of_every_kind_are_read(tmp_path: Path, kind: str, form: PrivateFormat) -> None:
    """RSA and EC, as PKCS #8, SEC 1 and PKCS #1."""
    signing = authority("signing", FLAT.root, kind=kind)
    key = signing.key.private_bytes(Encoding.PEM, form, NoEncryption())
    opened = open_signing_directory(Hierarchy(FLAT.root, signing=signing).write(tmp_path / "ca", key=key), NOW)
    svid_from_response(_answer(opened.signer), KEY, SpiffeId.parse(HTTPBIN), NOW)


def test_the_root_bundle_is_passed_on_as_it_stands(tmp_path: Path) -> None:
    """Several roots, in the operator's order, are one element; comments, which some clients choke on, are left out."""
    bundle = STRANGER.pem + FLAT.root.pem
    assert open_signing_directory(FLAT.write(tmp_path / "a", root=bundle), NOW).signer.following[-1] == bundle
    opened = open_signing_directory(FLAT.write(tmp_path / "b", root=f"# ours\n{bundle}"), NOW)
    assert opened.signer.following[-1] == bundle
    assert "text around" in " ".join(opened.notices)


def test_what_is_odd_is_said(tmp_path: Path) -> None:
    """A root in the chain is dropped (istio/istio#39001); an absent signer and an open key are named as well."""
    twice = open_signing_directory(FLAT.write(tmp_path / "a", chain=[*FLAT.chain, FLAT.root.pem]), NOW)
    assert twice.signer.following == (FLAT.signer.pem, FLAT.root.pem)
    assert "39001" in " ".join(twice.notices)
    absent = open_signing_directory(DEEP.write(tmp_path / "b", chain=DEEP.chain[1:]), NOW)
    assert absent.signer.following == (*DEEP.chain, DEEP.root.pem)
    assert "does not begin with" in " ".join(absent.notices)
    (FLAT.write(tmp_path / "c") / "ca-key.pem").chmod(0o644)
    assert "open to others (mode 0644)" in " ".join(open_signing_directory(tmp_path / "c", NOW).notices)


def test_the_tls_layout_is_looked_at_first(tmp_path: Path) -> None:
    """Where both layouts are complete, it is the secret's files that count."""
    Hierarchy().write(tmp_path / "ca")
    opened = open_signing_directory(FLAT.write_tls(tmp_path / "ca"), NOW)
    assert opened.signer.certificate == FLAT.signer.certificate


def test_a_lifetime_ends_with_the_first_of_the_chain(tmp_path: Path) -> None:
    """A leaf is not to outlive any CA above its signer."""
    short = ca("between", DEEP.root, end=NOW + timedelta(minutes=30))
    hierarchy = Hierarchy(DEEP.root, short, ca("signing", short))
    signer = open_signing_directory(hierarchy.write(tmp_path / "ca"), NOW).signer
    leaf = load_certificates(_answer(signer)[0])[0]
    assert leaf.not_valid_after_utc == NOW + timedelta(minutes=30)


def test_what_is_published_is_public(tmp_path: Path) -> None:
    """The owner finds the chain and the roots beside the CA's files, and no key."""
    tmp_path.chmod(0o700)
    root = publish(open_signing_directory(DEEP.write(tmp_path / "ca"), NOW).signer, tmp_path)
    assert root.read_text() == DEEP.root.pem
    assert root.with_name("cert-chain.pem").read_text() == "".join(DEEP.chain)
    assert "PRIVATE" not in "".join(path.read_text() for path in root.parent.iterdir())


def _without(name: str, layout: str = "write") -> Callable[[Path], Path]:
    def write(directory: Path) -> Path:
        (getattr(FLAT, layout)(directory) / name).unlink()
        return directory

    return write


def _tls(name: str, content: bytes) -> Callable[[Path], Path]:
    """The layout of a TLS secret with another file in it."""

    def write(directory: Path) -> Path:
        (FLAT.write_tls(directory) / name).write_bytes(content)
        return directory

    return write


def _signing(pair: object) -> Callable[[Path], Path]:
    assert isinstance(pair, type(FLAT.root))
    return Hierarchy(FLAT.root, signing=pair).write


def _encrypted() -> bytes:
    return FLAT.signer.key.private_bytes(Encoding.PEM, PrivateFormat.PKCS8, BestAvailableEncryption(b"secret"))


def _sha1(directory: Path) -> Path:
    """Only openssl still makes these."""
    FLAT.write(directory)
    (directory / "root.key").write_bytes(key_pem(FLAT.root.key))
    (directory / "v3.txt").write_text("basicConstraints=critical,CA:TRUE\nsubjectKeyIdentifier=hash\n")
    sign = "openssl x509 -req -in csr.pem -sha1 -days 30 -CA root-cert.pem -CAkey root.key -set_serial 5"
    for command in (
        "openssl req -new -key ca-key.pem -subj /CN=signing -out csr.pem",
        f"{sign} -extfile v3.txt -out ca-cert.pem",
        "cp ca-cert.pem cert-chain.pem",
    ):
        subprocess.run(command.split(), check=True, cwd=directory, capture_output=True)
    return directory


NARROW = authority("narrow", DEEP.root, path_length=0)
P521 = ec.generate_private_key(ec.SECP521R1())
WEAK = rsa.generate_private_key(public_exponent=65537, key_size=1024)
WRONG: dict[str, tuple[Callable[[Path], Path], str]] = {
    "no directory": (lambda d: d / "nowhere", "is not a directory"),
    "no CA": (lambda d: d, "holds no signing CA"),
    **{
        f"incomplete, no {name}": (_without(name), f"incomplete signing CA bundle: {name} is missing")
        for name in ("ca-cert.pem", "ca-key.pem", "cert-chain.pem", "root-cert.pem")
    },
    **{
        f"incomplete, no {name}": (_without(name, "write_tls"), f"incomplete signing CA bundle: {name} is missing")
        for name in ("tls.crt", "tls.key", "ca.crt")
    },
    "tls.crt of another": (_tls("tls.crt", STRANGER.pem.encode()), "tls.key is not the key of"),
    "tls.key of another": (_tls("tls.key", key_pem(KEY)), "tls.key is not the key of"),
    "ca.crt of another": (_tls("ca.crt", STRANGER.pem.encode()), "does not lead to a root of"),
    "tls.crt in the wrong order": (_tls("tls.crt", (FLAT.root.pem + FLAT.signer.pem).encode()), "is not the key of"),
    "not a CA": (_signing(svid(FLAT.root)), "is not a CA's"),
    "CA:FALSE": (_signing(ca("signing", FLAT.root, is_ca=False)), "is not a CA's"),
    "no keyCertSign": (_signing(ca("signing", FLAT.root, bits=["crl_sign"])), "no keyCertSign"),
    "pathLen too short": (Hierarchy(DEEP.root, NARROW).write, "pathLen is too short"),
    "another's key": (lambda d: FLAT.write(d, key=key_pem(KEY)), "is not the key of"),
    "another root": (lambda d: FLAT.write(d, root=STRANGER.pem), "does not lead to a root"),
    "an intermediate is missing": (lambda d: DEEP.write(d, chain=DEEP.chain[:1]), "does not lead to a root"),
    "an impostor with the root's name": (lambda d: FLAT.write(d, root=authority("root").pem), "does not lead to"),
    "wrong order": (lambda d: DEEP.write(d, chain=DEEP.chain[::-1]), "is in the wrong order"),
    "a stranger in the chain": (lambda d: FLAT.write(d, chain=[*FLAT.chain, STRANGER.pem]), "which signed none of"),
    "expired": (_signing(ca("signing", FLAT.root, end=NOW - timedelta(hours=1))), "expired at"),
    "not yet valid": (_signing(ca("signing", FLAT.root, start=NOW + timedelta(hours=1))), "is not valid before"),
    "an expired root": (
        Hierarchy(old := ca("root", end=NOW - timedelta(hours=1)), signing=ca("signing", old)).write,
        "expired at",
    ),
    "SHA-1": (_sha1, "signed with SHA1"),
    "encrypted key": (lambda d: FLAT.write(d, key=_encrypted()), "The private key is encrypted"),
    "no key": (lambda d: FLAT.write(d, key=b"nonsense"), "The private key cannot be read"),
    "P-521": (_signing(ca("signing", FLAT.root, key=P521)), "which peers do not accept"),
    "RSA 1024": (_signing(ca("signing", FLAT.root, key=WEAK)), "which peers do not accept"),
    "no line break": (
        lambda d: DEEP.write(d, chain=["".join(DEEP.chain).replace("-----\n-----", "----------")]),
        "lacks a line break between two PEM blocks",
    ),
    "two signing certificates": (lambda d: DEEP.write(d, certificate="".join(DEEP.chain)), "has 2 certificates"),
    "a key among the certificates": (
        lambda d: FLAT.write(d, chain=[*FLAT.chain, key_pem(KEY).decode()]),
        "is a PRIVATE KEY, not a certificate",
    ),
    "empty root": (lambda d: FLAT.write(d, root=""), "root-cert.pem cannot be used"),
    "a leaf for a root": (lambda d: FLAT.write(d, root=svid(FLAT.root).pem), "is not a CA's"),
    "no extensions": (_signing(make([], issuer=FLAT.root, subject="signing")), "is not a CA's"),
}


@pytest.mark.parametrize("way", WRONG)
def test_each_way_to_be_wrong_has_its_words(tmp_path: Path, way: str) -> None:
    """Items 41 and 42: the CA does not start, says which file it is and what is wrong with it, and quotes no key."""
    write, says = WRONG[way]
    with pytest.raises(StateError, match=says.replace("(", r"\(").replace(".", r"\.")) as caught:
        open_signing_directory(write(tmp_path), NOW)
    assert str(tmp_path) in caught.value.message
    assert caught.value.fix
    assert "secret" not in str(caught.value).replace("secrets", "")


def test_another_trust_domain_is_no_error(tmp_path: Path) -> None:
    """A CA may be named after anything: one hierarchy may sign for several trust domains."""
    named = authority("other.example", FLAT.root)
    assert open_signing_directory(Hierarchy(FLAT.root, signing=named).write(tmp_path / "ca"), NOW).notices == ()
