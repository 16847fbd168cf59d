"""How long a mesh goes on without its CA, in one sentence."""

from __future__ import annotations

from datetime import datetime

from meshtui.mesh.overview import Outage
from meshtui.present.times import counted, left, moment


def outage_sentence(outage: Outage, now: datetime) -> str:
    """`If the CA died now, the first of 12 workloads fails in 2m (14:04:41Z), half in 6h02m (…), all in 23h20m (…).`

    Empty where no workload has a certificate.
    """
    if outage.first is None or outage.half is None or outage.all is None:
        return ""
    first, half, last = (
        f"in {left(each, now)} ({moment(each, now)})" for each in (outage.first, outage.half, outage.all)
    )
    if outage.workloads == 1:
        return f"If the CA died now, the only workload fails {first}."
    many = f"the first of {counted(outage.workloads)} workloads fails {first}"
    return f"If the CA died now, {many}, half {half}, all {last}."
