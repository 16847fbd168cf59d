"""The same without meshtui: what a person would type to do by hand what a plan does, with openssl and kubectl.

Each command is whole and quoted for a shell, and all of them work in any empty directory: keys are made there, and
none of meshtui's own is named. Names are data and end up in nobody's shell unquoted.
"""

from __future__ import annotations

import ipaddress
import json
import math
import shlex
from collections.abc import Mapping, Sequence
from datetime import timedelta
from typing import Any

from meshtui.identity.signers import MESH_CA

_KINDS = {
    "EC P-256": "ec -pkeyopt ec_paramgen_curve:P-256",
    "EC P-384": "ec -pkeyopt ec_paramgen_curve:P-384",
    "RSA 2048": "rsa:2048",
    "RSA 3072": "rsa:3072",
    "RSA 4096": "rsa:4096",
}
"""What `openssl req -newkey` calls the kinds of `grants.KEYS`."""
_TLS_NAMES = ("tls.crt", "tls.key")


def new_pair(name: str, *, hosts: Sequence[str], issuer: str, key_kind: str, lifetime: timedelta) -> tuple[str, ...]:
    """Make NAME.key and NAME.crt. openssl counts lifetimes in days: they are rounded up."""
    names = ",".join(f"{'IP' if _is_address(host) else 'DNS'}:{host}" for host in hosts)
    usage = "digitalSignature,keyEncipherment" if key_kind.startswith("RSA") else "digitalSignature"
    extensions = (
        f"subjectAltName=critical,{names}",
        f"keyUsage=critical,{usage}",
        "extendedKeyUsage=serverAuth",
        "basicConstraints=critical,CA:FALSE",
    )
    wanted = " ".join(f"-addext {shlex.quote(each)}" for each in extensions)
    ca, ca_key, made = _signer(issuer)
    key, csr, certificate = (shlex.quote(f"{name}.{suffix}") for suffix in ("key", "csr", "crt"))
    days = max(math.ceil(lifetime / timedelta(days=1)), 1)
    return (
        *made,
        f"openssl req -new -newkey {_KINDS[key_kind]} -nodes -subj / {wanted} -keyout {key} -out {csr}",
        f"openssl x509 -req -in {csr} -CA {ca} -CAkey {ca_key} -CAcreateserial -sha256 -days {days}"
        f" -copy_extensions copyall -out {certificate}",
    )


def apply(document: Mapping[str, Any]) -> str:
    """Create or replace an object that holds nothing secret."""
    return f"echo {shlex.quote(json.dumps(document))} | kubectl apply -f -"


def check_pair(certificate: str, key: str, ca: str, hosts: Sequence[str]) -> tuple[str, ...]:
    """Look at a pair that is in files; the file of the CA may be empty."""
    cert, private, root = shlex.quote(certificate), shlex.quote(key), shlex.quote(ca)
    return (
        f"openssl x509 -in {cert} -noout -checkend 0",
        f'[ "$(openssl x509 -in {cert} -noout -pubkey)" = "$(openssl pkey -in {private} -pubout)" ]',
        *(f"openssl x509 -in {cert} -noout {_check(host)}" for host in hosts if host != "*"),
        *((f"openssl verify -CAfile {root} -untrusted {cert} {cert}",) if ca else ()),
    )


def keep_pair(namespace: str, name: str, names: tuple[str, str] = _TLS_NAMES) -> tuple[str, ...]:
    """Write the pair of a Secret to NAME.previous.crt and NAME.previous.key; `names` are those of its data."""
    read = f"kubectl get secret {shlex.quote(name)} -n {shlex.quote(namespace)} -o"
    files = (shlex.quote(f"{name}.previous.{suffix}") for suffix in ("crt", "key"))
    return tuple(f"{read} {_entry(entry)} | base64 -d > {file}" for entry, file in zip(names, files, strict=True))


def keep_rest(namespace: str, name: str, entries: Sequence[str]) -> tuple[str, ...]:
    """Write other data of a Secret, such as the CA of its clients, to files from which `store_pair` takes it."""
    read = f"kubectl get secret {shlex.quote(name)} -n {shlex.quote(namespace)} -o"
    return tuple(f"{read} {_entry(entry)} | base64 -d > {shlex.quote(_kept(name, entry))}" for entry in entries)


def store_pair(
    namespace: str,
    name: str,
    certificate: str,
    key: str,
    names: tuple[str, str] = _TLS_NAMES,
    *,
    rest: Sequence[str] = (),
) -> str:
    """Put the pair that is in two files into a Secret. What else it is to hold (`rest`) has to be named: the rest goes.

    For kubectl an entry that it has put there itself, and that is not named any more, is one to be removed.
    """
    if names == _TLS_NAMES and not rest:
        kind, files = "tls", f"--cert={shlex.quote(certificate)} --key={shlex.quote(key)}"
    else:
        entries = {**dict(zip(names, (certificate, key), strict=True)), **{each: _kept(name, each) for each in rest}}
        kind = "generic"
        files = " ".join(f"--from-file={shlex.quote(f'{entry}={file}')}" for entry, file in entries.items())
        if names == _TLS_NAMES:
            files = f"--type=kubernetes.io/tls {files}"
    return (
        f"kubectl create secret {kind} {shlex.quote(name)} -n {shlex.quote(namespace)} {files}"
        " --dry-run=client -o yaml | kubectl apply -f -"
    )


def restart(namespace: str, name: str) -> str:
    """Let the pods of a Deployment begin anew, which is how they get new certificates where meshtui is not."""
    return f"kubectl rollout restart {shlex.quote(f'deployment/{name}')} -n {shlex.quote(namespace)}"


def _signer(issuer: str) -> tuple[str, str, tuple[str, ...]]:
    """Files of the certificate and key of who signs, and how to have them."""
    if issuer == MESH_CA:
        # where Istio keeps the CA that it makes for itself
        read = "kubectl get secret istio-ca-secret -n istio-system -o"
        files = ("ca-cert.pem", "ca-key.pem")
        return (*files, tuple(f"{read} {_entry(file)} | base64 -d > {file}" for file in files))
    certificate, key = shlex.quote(f"{issuer}.root.crt"), shlex.quote(f"{issuer}.root.key")
    common = f"/CN={issuer} root" if len(f"{issuer} root") <= 64 else ""
    subject = shlex.quote(f"/O={issuer}{common}")
    extensions = "-addext basicConstraints=critical,CA:TRUE -addext keyUsage=critical,keyCertSign,cRLSign"
    make = (
        f"[ -e {key} ] || openssl req -x509 -newkey {_KINDS['EC P-256']} -sha256 -nodes -days 3650 -subj {subject}"
        f" {extensions} -keyout {key} -out {certificate}"
    )
    other = (
        f"# another root than the one in this mesh, unless its files are here: clients must come to trust {certificate}"
    )
    return certificate, key, (other, make)


def _kept(name: str, entry: str) -> str:
    return f"{name}.kept.{entry}"


def _entry(name: str) -> str:
    path = name.replace(".", r"\.")
    return shlex.quote(f"jsonpath={{.data.{path}}}")


def _check(host: str) -> str:
    if _is_address(host):
        return f"-checkip {shlex.quote(host)}"
    return f"-checkhost {shlex.quote(host.replace('*', 'any', 1))}"


def _is_address(host: str) -> bool:
    try:
        ipaddress.ip_address(host)
    except ValueError:
        return False
    return True
