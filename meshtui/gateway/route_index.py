"""Which routes lead through which Gateway: VirtualServices that name it, HTTPRoutes that are attached to it."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Mapping

from meshtui.manifest.api_model import KubernetesGateway, KubernetesHttpRoute
from meshtui.manifest.attachment import Attachments
from meshtui.manifest.model import Gateway, Manifest, Namespace, ObjectKey, VirtualService


class RouteIndex:
    """Routes by Gateway. Changes return the Gateways through which other routes may lead now."""

    def __init__(self) -> None:
        self._by_name: dict[ObjectKey, dict[ObjectKey, VirtualService]] = defaultdict(dict)
        self._virtual_services: dict[ObjectKey, VirtualService] = {}
        self._http_routes: dict[ObjectKey, KubernetesHttpRoute] = {}
        self._namespaces: dict[ObjectKey, Namespace] = {}
        self._attachments: Attachments | None = None
        """Made when it is asked for: of thousands of routes it takes milliseconds."""

    def put(self, item: Manifest) -> set[ObjectKey]:
        """An object that is new."""
        match item:
            case VirtualService():
                self._virtual_services[item.key] = item
                for key in _named(item):
                    self._by_name[key][item.key] = item
                return _named(item)
            case KubernetesHttpRoute():
                self._http_routes[item.key] = item
                self._attachments = None
                return _wanted(item)
            case Namespace():
                self._namespaces[item.key] = item
                self._attachments = None
        return set()

    def drop(self, key: ObjectKey) -> set[ObjectKey]:
        """An object that is gone."""
        if (service := self._virtual_services.pop(key, None)) is not None:
            for gateway in _named(service):
                self._by_name[gateway].pop(key, None)
            return _named(service)
        if (route := self._http_routes.pop(key, None)) is not None:
            self._attachments = None
            return _wanted(route)
        if self._namespaces.pop(key, None) is not None:
            self._attachments = None
        return set()

    def of(self, gateway: Gateway | KubernetesGateway) -> Mapping[ObjectKey, int]:
        """What leads through a Gateway, each with its number of routes."""
        if isinstance(gateway, Gateway):
            return {key: len(service.http) for key, service in self._by_name.get(gateway.key, {}).items()}
        if self._attachments is None:
            self._attachments = Attachments((), self._http_routes.values(), self._namespaces.values())
        return {route.key: len(route.rules) for route in self._attachments.of(gateway)}


def _named(service: VirtualService) -> set[ObjectKey]:
    names = (name.split("/") for name in service.gateways if "/" in name)
    return {ObjectKey(Gateway.kind, namespace, name) for namespace, name in names}


def _wanted(route: KubernetesHttpRoute) -> set[ObjectKey]:
    return {ObjectKey(KubernetesGateway.kind, parent.namespace, parent.name) for parent in route.parents}
