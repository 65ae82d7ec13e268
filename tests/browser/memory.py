"""What a page holds."""

from __future__ import annotations

from typing import Any


def measured(page: Any) -> dict[str, float]:
    """What the page holds after a garbage collection: heap bytes, nodes, listeners, audio nodes."""
    session = page.context.new_cdp_session(page)
    session.send("Performance.enable")
    for _ in range(3):
        session.send("HeapProfiler.collectGarbage")
        page.wait_for_timeout(300)
    metrics = {m["name"]: m["value"] for m in session.send("Performance.getMetrics")["metrics"]}
    session.detach()
    return {name: metrics[name] for name in ("JSHeapUsedSize", "Nodes", "JSEventListeners", "AudioHandlers")}
