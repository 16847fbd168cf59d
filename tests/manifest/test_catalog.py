"""All objects of a mesh, joined."""

from __future__ import annotations

from typing import Any

from meshtui.manifest.catalog import Catalog
from meshtui.manifest.model import Deployment, Manifest, Namespace, ObjectKey, Secret, Service, ServiceAccount
from meshtui.manifest.secret_data import key_pair, trusted_ca
from tests.manifest.writing import deployment, document, gateway, http, https, read, to, virtual_service, warnings

PROD = document("Namespace", "prod", "")
EDGE = {"istio": "ingressgateway", "sidecar.istio.io/inject": "true"}


def catalog(*documents: dict[str, Any]) -> Catalog:
    return Catalog.of(read(PROD, *documents))


def service(name: str, namespace: str = "prod", **selector: str) -> dict[str, Any]:
    return document("Service", name, namespace, spec={"ports": [{"port": 80}], "selector": selector})


def ingress(name: str = "ingress", namespace: str = "edge") -> dict[str, Any]:
    return deployment(name, EDGE, annotations={"inject.istio.io/templates": "gateway"}, namespace=namespace)


def test_a_catalog_does_not_change() -> None:
    """Applying and removing make a new catalog; the one before stays as it was."""
    before = catalog(document("ServiceAccount", "a"))
    labelled = document("ServiceAccount", "a")
    labelled["metadata"]["labels"] = {"new": "yes"}
    after = before.apply(read(labelled, document("ServiceAccount", "b")))
    key = ObjectKey("ServiceAccount", "prod", "a")
    assert tuple(list(item.metadata.labels.values()) for item in map(_there(key), (before, after))) == ([], ["yes"])
    assert (len(before), len(after), len(after.remove(key))) == (2, 3, 2)
    assert after.remove(key).get(key) is None
    assert len(before.remove(ObjectKey("Secret", "prod", "none"))) == 2


def _there(key: ObjectKey) -> Any:
    def get(among: Catalog) -> Any:
        found = among.get(key)
        assert found is not None
        return found

    return get


def test_objects_are_sorted() -> None:
    """Whatever order they came in, objects come out by kind, namespace and name."""
    mixed = catalog(document("ServiceAccount", "b"), document("ServiceAccount", "a"), document("Secret", "z"))
    assert [str(item.key) for item in mixed] == [
        "Namespace prod",
        "Secret prod/z",
        "ServiceAccount prod/a",
        "ServiceAccount prod/b",
    ]
    assert [item.name for item in mixed.all(ServiceAccount)] == ["a", "b"]
    assert [item.name for item in mixed.all(Namespace)] == ["prod"]
    assert mixed.all(Service) == ()


def test_services_and_workloads_find_each_other() -> None:
    """A Service stands for the pods of its namespace that carry all of its labels."""
    mesh = catalog(
        deployment("a1", {"app": "a", "version": "1"}),
        deployment("a2", {"app": "a", "version": "2"}),
        deployment("elsewhere", {"app": "a", "version": "1"}, namespace="other"),
        service("all", app="a"),
        service("first", app="a", version="1"),
        service("nobody", app="c"),
        service("no-selector"),
    )
    found = {item.name: [each.name for each in mesh.workloads_of(item)] for item in mesh.all(Service)}
    assert found == {"all": ["a1", "a2"], "first": ["a1"], "no-selector": [], "nobody": []}
    first = mesh.workload("workload/prod/a1")
    assert first is not None
    assert [item.name for item in mesh.services_of(first)] == ["all", "first"]
    assert mesh.workload("workload/prod/none") is None


def test_only_gateways_open_servers() -> None:
    """A workload with the right labels but no gateway proxy is not bound, and neither is a Gateway without one."""
    assert catalog(deployment("a", EDGE), gateway("one", https("a.example.com"))).bindings() == ()
    two = catalog(ingress("i1"), ingress("i2"), gateway("one", https("a.example.com"), http("a.example.com")))
    assert [(binding.workload.name, binding.server.number) for binding in two.bindings()] == [
        ("i1", 443),
        ("i1", 80),
        ("i2", 443),
        ("i2", 80),
    ]


def test_keys_of_a_secret() -> None:
    """Key pairs and roots are found under either of the names that Istio takes, the generic ones first."""
    (both, tls, half, empty) = (
        Secret(metadata=item.metadata, data=data)
        for item, data in zip(
            read(*(document("Secret", name) for name in "abcd")),
            (
                {"cert": b"1", "key": b"2", "tls.crt": b"3", "tls.key": b"4", "cacert": b"5", "ca.crt": b"6"},
                {"tls.crt": b"3", "tls.key": b"4", "ca.crt": b"6"},
                {"tls.crt": b"3", "cert": b"1"},
                {"tls.crt": b"", "tls.key": b"", "ca.crt": b""},
            ),
            strict=True,
        )
    )
    assert [key_pair(item) for item in (both, tls, half, empty)] == [(b"1", b"2"), (b"3", b"4"), None, None]
    assert [trusted_ca(item) for item in (both, tls, half, empty)] == [b"5", b"6", None, None]


def test_a_namespace_has_to_be_there() -> None:
    """Objects of a namespace that does not exist are unacceptable, except in `default`, which always does."""
    assert catalog(document("Secret", "a"), document("Secret", "a", "default")).problems() == ()
    without = catalog(document("Secret", "a")).remove(ObjectKey("Namespace", "", "prod"))
    assert without.problems() == (
        "Secret prod/a: metadata.namespace: there is no namespace prod; apply a Namespace of this name",
    )


def test_dangling_references_are_warnings() -> None:
    """What refers to something that is not there is accepted, and named."""
    mesh = catalog(
        deployment("a", pod={"serviceAccountName": "ghost"}),
        deployment("b"),
        service("nobody", app="c"),
        gateway("one", https("a.example.com")),
        virtual_service("route", to("nobody"), gateways=("one", "none", "mesh")),
    )
    assert mesh.problems() == ()
    assert warnings(mesh) == (
        "Deployment prod/a: the ServiceAccount prod/ghost does not exist",
        "VirtualService prod/route: the Gateway prod/none does not exist",
        "Gateway prod/one: no gateway workload has the labels of its selector",
        "Service prod/nobody: no workload has the labels of its selector",
    )


def test_a_large_mesh_is_joined_quickly() -> None:
    """Joining is linear: ten thousand workloads of one namespace are looked up by label, not by comparison."""
    some = read(deployment("a"), service("a", app="a"))
    (one, other) = some
    many = [
        type(item)(**{**vars(item), "metadata": type(item.metadata)(**{**vars(item.metadata), "name": f"n{i}"}), **own})
        for i in range(10_000)
        for item, own in ((one, {"pod_labels": {"app": f"n{i}"}}), (other, {"selector": {"app": f"n{i}"}}))
    ]
    mesh = Catalog.of(many)
    assert all(["n" + item.name[1:]] == [each.name for each in mesh.services_of(item)] for item in mesh.workloads())


def test_what_is_kept_is_made_again_only_where_its_kinds_change() -> None:
    """Later catalogs go on with it until an object of a kind that it was made from is applied or removed."""
    made: list[tuple[int, str]] = []

    def count(catalog: Catalog, name: str) -> int:
        made.append((len(catalog.all(Service)), name))
        return len(made)

    def kept(catalog: Catalog, name: str) -> int:
        return catalog.kept((Service,), count, name)

    service, secret = document("Service", "s", spec={"ports": [{"port": 80}]}), document("Secret", "x")
    first = Catalog.of(read(secret))
    assert [kept(first, "a"), kept(first, "a"), kept(first, "b")] == [1, 1, 2]
    unrelated = first.apply(read(secret)).remove(ObjectKey("Secret", "prod", "x"))
    assert kept(unrelated, "a") == 1
    related = unrelated.apply(read(service))
    assert [kept(related, "a"), kept(related.remove(ObjectKey("Service", "prod", "s")), "a")] == [3, 4]
    assert made == [(0, "a"), (0, "b"), (1, "a"), (0, "a")]
    assert kept(first, "a") == 1


def test_what_is_kept_of_each_object_is_made_again_for_the_one_that_changes() -> None:
    """Of the others it is the very same, until an object of a kind that all are made from is applied or removed."""
    made: list[str] = []

    def label(catalog: Catalog, service: Service, text: str) -> str:
        made.append(service.name)
        return f"{text} {service.name} {len(service.ports)} {len(catalog.workloads())}"

    def kept(catalog: Catalog) -> list[str]:
        made.clear()
        return catalog.kept_of_each(Service, (Deployment,), label, "x")

    def ported(name: str, *ports: int) -> Manifest:
        named = [{"name": f"p{port}", "port": port} for port in ports]
        return read(document("Service", name, spec={"ports": named}))[0]

    first = Catalog.of([ported("b", 80), ported("a", 80)])
    assert (kept(first), sorted(made)) == (["x a 1 0", "x b 1 0"], ["a", "b"])
    assert (kept(first), made) == (["x a 1 0", "x b 1 0"], [])
    second = first.apply([ported("b", 80, 81), ported("c", 80)])
    assert (kept(second), sorted(made)) == (["x a 1 0", "x b 2 0", "x c 1 0"], ["b", "c"])
    third = second.remove(ObjectKey("Service", "prod", "a")).apply(read(document("Secret", "s")))
    assert (kept(third), made) == (["x b 2 0", "x c 1 0"], [])
    assert (kept(third.apply(read(deployment("d")))), sorted(made)) == (["x b 2 1", "x c 1 1"], ["b", "c"])
    assert (kept(first), made) == (["x a 1 0", "x b 1 0"], [])
