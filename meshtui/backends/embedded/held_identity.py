"""One identity that a workload's agent holds: its SVID, kept fresh, and what the ledger says of it.

A workload has its own, and those that its manifest grants it beside that one.
"""

from __future__ import annotations

import logging
from collections.abc import Callable
from datetime import timedelta

from meshtui.agent.secrets import SecretManager
from meshtui.agent.states import Failed
from meshtui.backends.embedded.context import Context
from meshtui.backends.embedded.issued import recorded
from meshtui.identity.keys import PrivateKey
from meshtui.identity.spiffe import SpiffeId
from meshtui.identity.svid import Svid
from meshtui.manifest.workload import Workload
from meshtui.mesh.snapshot import Truth

_LOG = logging.getLogger(__name__)
TOKEN_LIFETIME = timedelta(hours=1)


class HeldIdentity:
    """A service account's SVID in the hands of one workload."""

    def __init__(
        self,
        workload: Workload,
        service_account: str,
        *,
        secret_name: str,
        key: str,
        pod: tuple[str, str],
        context: Context,
        on_change: Callable[[], None],
    ) -> None:
        """`secret_name` is its SDS resource, or empty for the SPIFFE ID; `pod` is name and uid, as tokens have them."""
        self.spiffe_id = SpiffeId.for_service_account(
            context.settings.trust_domain, workload.namespace, service_account
        )
        self.service_account = service_account
        self.secret_name = secret_name or str(self.spiffe_id)
        self.pod_name, self.pod_uid = pod
        self.issued = Truth()
        self._workload = workload
        self._context = context
        self._on_change = on_change
        self._logged: Failed | None = None
        self.secrets = SecretManager(
            self._fetch,
            share=context.settings.rotate_at,
            clock=context.clock,
            on_change=self._changed,
            key_kind=key,
        )

    @property
    def svid(self) -> Svid | None:
        """The certificate in service."""
        ready = self.secrets.ready
        return ready.svid if ready is not None else None

    @property
    def held(self) -> Truth:
        """What the agent has."""
        svid = self.svid
        return Truth(certificate=svid.facts if svid is not None else None)

    @property
    def error(self) -> str:
        """Of the last attempt; empty when it succeeded."""
        return self.secrets.state.error if isinstance(self.secrets.state, Failed) else ""

    def refresh_issued(self) -> None:
        """Look up in the ledger what the CA signed last for this pod."""
        entry = self._context.ledger.latest_for_pod(self.pod_uid)
        self.issued = Truth(certificate=recorded(entry, self.svid) if entry is not None else None)

    def learn_issued(self, serial: str) -> bool:
        """The CA has signed this for it: look it up unless it is known; returns whether it was news.

        Agent and CA both tell of each certificate, in any order.
        """
        known = self.issued.certificate
        if known is not None and known.serial == serial:
            return False
        self.refresh_issued()
        return True

    def token(self, audience: str, duration: timedelta) -> str:
        """A service-account token, bound to its pod."""
        return self._context.tokens.issue(
            self._workload.namespace,
            self.service_account,
            pod_name=self.pod_name,
            pod_uid=self.pod_uid,
            audience=audience,
            duration=duration,
            now=self._context.clock(),
        )

    async def _fetch(self, key: PrivateKey) -> Svid:
        token = self.token("istio-ca", TOKEN_LIFETIME)
        return await self._context.ca.fetch_svid(key, self.spiffe_id, token, self._workload.secret_ttl)

    def _changed(self) -> None:
        state = self.secrets.state
        if isinstance(state, Failed) and state is not self._logged:
            self._logged = state
            _LOG.warning("%s as %s: %s", self._workload.target, self.spiffe_id, state.error)
        if (svid := self.svid) is not None:
            self.learn_issued(svid.facts.serial)
        self._on_change()
