"""Keys of outside issuers: fetched from where the configuration says and nowhere else, bounded, and never invented."""

from __future__ import annotations

import json
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from datetime import timedelta
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any

import pytest
from joserfc.jwk import ECKey

from meshtui.ca.key_set import MAX_BYTES, read_key_set
from meshtui.ca.key_source import MAX_AGE, KeySource, fetch
from meshtui.ca.oidc_rules import authenticator_of, read_rules
from meshtui.ca.refusal import Reason, RefusalError
from meshtui.errors import StateError, UnreachableError, UsageError
from meshtui.identity.keys import key_pem, new_key
from tests.ca.hostile import OUTSIDE, outside_jwks
from tests.identity.forge import NOW

Handle = Callable[[BaseHTTPRequestHandler], None]
EC_KEY = ECKey.import_key(key_pem(new_key())).as_dict(private=False) | {"kid": "ec"}


@contextmanager
def _web(handle: Handle) -> Iterator[str]:
    """A web server on this machine; gives its address."""

    class Handler(BaseHTTPRequestHandler):
        def do_GET(self) -> None:
            handle(self)

        def log_message(self, *_: Any) -> None:
            pass

    server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    thread = threading.Thread(target=server.serve_forever, args=(0.01,))
    thread.start()
    try:
        yield f"http://127.0.0.1:{server.server_port}/jwks"
    finally:
        server.shutdown()
        thread.join()
        server.server_close()


def _says(body: bytes, status: int = 200, **headers: str) -> Handle:
    def handle(request: BaseHTTPRequestHandler) -> None:
        request.send_response(status)
        for name, value in headers.items():
            request.send_header(name, value)
        request.end_headers()
        request.wfile.write(body)

    return handle


def test_a_url_is_fetched() -> None:
    """The body of a 200 is the key set."""
    with _web(_says(outside_jwks())) as url:
        assert list(read_key_set(fetch(url))) == ["outside"]


@pytest.mark.parametrize(
    "handle",
    [
        _says(b"", 500),
        _says(outside_jwks(), 404),
        _says(b"", 302, Location="http://127.0.0.1:1/elsewhere"),
        _says(b"", 307, Location="file:///etc/passwd"),
        _says(b"x" * (MAX_BYTES + 1)),
        lambda request: request.wfile.write(b"nonsense\r\n\r\n"),
    ],
    ids=["500", "404", "redirect", "redirect to a file", "too large", "no HTTP"],
)
def test_what_is_no_answer_is_unreachable(handle: Handle) -> None:
    """Errors, redirects and floods give no keys; nothing is fetched from where an answer points."""
    with _web(handle) as url, pytest.raises(UnreachableError):
        fetch(url)


def test_nobody_there_is_unreachable() -> None:
    """A refused connection is an error that says so."""
    with _web(_says(b"")) as url:
        pass
    with pytest.raises(UnreachableError, match="cannot be fetched"):
        fetch(url)


def test_last_good_keys_count_until_they_are_old() -> None:
    """A source that breaks keeps its keys for a day; one that never worked has none."""
    answers: list[bytes] = [outside_jwks(), b"{}", b"{}"]
    now = NOW
    source = KeySource("there", lambda: answers.pop(0), lambda: now)
    with pytest.raises(RefusalError) as caught:
        source.keys(now)
    assert (caught.value.reason, "not been read yet" in caught.value.detail) == (Reason.CANNOT_VERIFY, True)
    assert [source.refresh(), source.refresh()] == [True, False]
    assert source.keys(NOW + MAX_AGE)
    with pytest.raises(RefusalError):
        source.keys(NOW + MAX_AGE + timedelta(seconds=1))


def test_a_source_is_kept_fresh_on_its_own_thread() -> None:
    """Started, it looks at once, and ends when told."""
    looked = threading.Event()

    def read() -> bytes:
        looked.set()
        return outside_jwks()

    source = KeySource("there", read, lambda: NOW)
    source.start()
    assert looked.wait(10)
    source.stop()


@pytest.mark.parametrize(
    "keys",
    [
        [],
        ["x"],
        [{"kty": "RSA"}],
        [{"kty": "oct", "k": "c2VjcmV0LXRoYXQtaXMtbG9uZy1lbm91Z2g", "kid": "a"}],
        [EC_KEY | {"kid": ""}],
        [EC_KEY | {"kid": 5}],
        [EC_KEY | {"use": "enc"}],
        [EC_KEY | {"alg": "RS256"}],
        [EC_KEY | {"kty": "OKP"}],
        [ECKey.import_key(key_pem(new_key())).as_dict(private=True) | {"kid": "a"}],
        [{"kty": "RSA", "e": "AQAB", "n": "v" * 171, "kid": "1024 bits"}],
        [{"kty": "RSA", "e": "AQAB", "n": "AAAA" + "v" * 340, "kid": "2024 bits"}],
        [EC_KEY, EC_KEY],
        [EC_KEY] * 101,
    ],
)
def test_useless_key_sets_are_errors(keys: list[Any]) -> None:
    """Secret, private, weak, doubled and unnamed keys verify nothing."""
    with pytest.raises(StateError):
        read_key_set(json.dumps({"keys": keys}).encode())


def test_a_key_has_the_algorithms_of_its_kind() -> None:
    """An RSA key never verifies an EC signature, nor any key an HMAC; a key that names one algorithm has that one."""
    ec, rsa = read_key_set(json.dumps({"keys": [EC_KEY, json.loads(outside_jwks())["keys"][0]]}).encode()).values()
    assert ec.algorithms == ("ES256",)
    assert set(rsa.algorithms) == {"RS256", "RS384", "RS512", "PS256", "PS384", "PS512"}
    only = json.loads(outside_jwks())["keys"][0] | {"alg": "PS256"}
    assert read_key_set(json.dumps({"keys": [only]}).encode())["outside"].algorithms == ("PS256",)


GOOD = {"issuer": OUTSIDE, "audiences": ["istio-ca"], "jwks_uri": "https://issuer.example.com/jwks"}


def _rules(tmp_path: Path, value: object) -> Path:
    path = tmp_path / "oidc.json"
    path.write_text(value if isinstance(value, str) else json.dumps(value))
    return path


def test_rules_are_a_list_or_one(tmp_path: Path) -> None:
    """Istio's JWT_RULE as it stands, or several of them; loopback needs no TLS."""
    assert read_rules(_rules(tmp_path, GOOD))[0].issuer == OUTSIDE
    loopback = GOOD | {"issuer": "b", "jwks_uri": "http://[::1]:80/x"}
    assert len(read_rules(_rules(tmp_path, [GOOD, loopback]))) == 2


@pytest.mark.parametrize(
    ("value", "says"),
    [
        ("", "is not a list"),
        ("[5]", "is not a list"),
        (GOOD | {"audience": "x"}, "unknown field"),
        (GOOD | {"issuer": ""}, "lacks an issuer"),
        (GOOD | {"audiences": []}, "lacks an issuer or audiences"),
        (GOOD | {"audiences": [""]}, "lacks an issuer or audiences"),
        (GOOD | {"jwks_uri": ""}, "either jwks_uri or jwks_file"),
        (GOOD | {"jwks_file": "x"}, "either jwks_uri or jwks_file"),
        (GOOD | {"jwks_uri": "http://issuer.example.com/jwks"}, "anybody on the way"),
        (GOOD | {"jwks_uri": "file:///etc/passwd"}, "anybody on the way"),
        (GOOD | {"jwks_uri": "http://127.0.0.1.evil.example/"}, "anybody on the way"),
        (GOOD | {"jwks_uri": "http://localhost@evil.example/"}, "anybody on the way"),
        (GOOD | {"jwks_uri": "https://"}, "anybody on the way"),
        ([GOOD, GOOD], "twice"),
        ([GOOD | {"issuer": str(number)} for number in range(21)], "21 issuers"),
    ],
)
def test_wrong_rules_are_usage_errors(tmp_path: Path, value: object, says: str) -> None:
    """What is wrong with the configuration is said before anything starts."""
    with pytest.raises(UsageError, match=says):
        read_rules(_rules(tmp_path, value))
    with pytest.raises(UsageError, match="cannot be read"):
        read_rules(tmp_path / "nowhere")


def test_keys_may_be_a_file_beside_the_rules(tmp_path: Path) -> None:
    """A relative file is looked for beside the configuration, and read again when it is time."""
    path = _rules(tmp_path, {"issuer": OUTSIDE, "audiences": ["a"], "jwks_file": "keys.json"})
    (rule,) = read_rules(path)
    authenticator, source = authenticator_of(rule, path, "cluster.local", lambda: NOW)
    assert not source.refresh()
    (tmp_path / "keys.json").write_bytes(outside_jwks())
    assert source.refresh()
    assert list(source.keys(NOW)) == ["outside"]
    assert authenticator.name == f"oidc {OUTSIDE}"
