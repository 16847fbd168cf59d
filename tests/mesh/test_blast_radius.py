"""What stands or falls with a certificate, in words."""

from __future__ import annotations

from datetime import UTC, datetime

import pytest

from meshtui.identity.facts import CertificateFacts
from meshtui.mesh.blast_radius import called, few, grouped, held_alone, needed, presented, signed, trusted

SINCE = datetime(2026, 11, 24, 14, 2, 31, tzinfo=UTC)
ROOT = CertificateFacts(
    serial="1",
    subject="CN=root",
    sans=(),
    issuer="CN=root",
    not_before=SINCE,
    not_after=SINCE,
    sha256="aa",
    key="EC P-256",
    public_key_sha256="bb",
    signature="ecdsa-with-SHA256",
    is_ca=True,
)


def test_who_presents_it_and_where() -> None:
    """What is not known to be served is not said to be; one that calls only has no address."""
    assert presented(["envoy 1"], ["unix:/in"], served=True) == "presented by envoy 1 at unix:/in"
    assert presented(["envoy 1"], [], served=False) == "to be presented by envoy 1 to what it calls"
    assert held_alone("") == "nothing presents it: its agent alone holds it"
    assert held_alone("unix:/sds").endswith(", for whoever asks at unix:/sds")


@pytest.mark.parametrize(
    ("lacking", "expected"),
    [
        ((), "trusted by 5 of 5 workloads through CN=root"),
        (("d",), "trusted by 4 of 5 workloads through CN=root; not by d"),
        (("e", "b", "a", "c"), "trusted by 1 of 5 workloads through CN=root; not by a, b, c and 1 more"),
        (("a", "b", "c", "d", "e"), "trusted by none of 5 workloads: CN=root is in no bundle"),
    ],
)
def test_who_trusts_it(lacking: tuple[str, ...], expected: str) -> None:
    """Of all workloads, by fingerprint; the first few of those that do not are named."""
    trusting = [name for name in "abcde" if name not in lacking]
    assert trusted(ROOT, [(("cc", "aa"), trusting), (("cc",), lacking)]) == expected


def test_a_bundle_that_is_not_there_trusts_nobody() -> None:
    """A workload that has nothing yet is one that does not."""
    assert trusted(ROOT, [(("aa",), ["a"]), ((), ["b"])]) == "trusted by 1 of 2 workloads through CN=root; not by b"
    assert trusted(ROOT, []) == "trusted by none of 0 workloads: CN=root is in no bundle"


def test_what_clients_need() -> None:
    """And where it is, or that nobody here knows."""
    assert needed("CN=root", "in /root.pem") == "clients need CN=root, in /root.pem"
    assert needed("CN=root", "") == "clients need CN=root, which is not known here"


def test_what_was_signed_is_counted_down_the_tree() -> None:
    """Certificates are counted, targets named once; names that sign each other end."""
    below = {"root": ["middle"], "middle": ["low", "root"]}
    holders = {"root": {"g": 1}, "middle": {"b": 1, "a": 2}, "low": {f"w{number:04}": 1 for number in range(1_200)}}
    assert signed("root", below, holders) == [
        "signed 1 certificate in service: g",
        "signed 3 certificates in service through middle: a, b",
        "signed 1,200 certificates in service through low: w0000, w0001, w0002, w0003, w0004 and 1,195 more",
    ]
    assert signed("low", below, {}) == ["signed no certificate in service"]


def test_who_called() -> None:
    """Nobody is said too; callers without an identity are callers."""
    assert called(["a", "", "b", "c"], SINCE) == (
        "called by a, callers without an identity, b and 1 more since 2026-11-24 14:02:31Z"
    )
    assert called([], SINCE) == "called by nobody since 2026-11-24 14:02:31Z"


def test_lines_of_one_kind_are_one() -> None:
    """In their order, each kind once, and not more names than one reads."""
    lines = ["Service a/b", *(f"host {number}" for number in range(7)), "Gateway a/b", "VirtualService a/b (2 routes)"]
    expected = ("Service a/b", "host 0, 1, 2, 3, 4 and 2 more", "Gateway a/b", "VirtualService a/b (2 routes)")
    assert grouped(lines) == expected
    assert few([]) == ""
