"""Checks the file of webhooks, the mirrors that it names, and the events that wait."""

from __future__ import annotations

from collections import Counter
from pathlib import Path
from shlex import quote

from graphmem.doctor.links import Check, CheckContext, CheckResult, broken, ok, warn
from graphmem.errors import InvalidInput
from graphmem.sources.git.revisions import commit_of
from graphmem.sources.git.runner import GitFailure
from graphmem.webhooks.event_folder import EventFolder
from graphmem.webhooks.sources import WebhookSource, read_webhook_sources


def _webhooks(context: CheckContext) -> CheckResult:
    path = Path(context.settings.webhooks or "")
    try:
        configured = read_webhook_sources(path)
    except InvalidInput as error:
        return broken(str(error), f"chmod 600 {quote(str(path))}   # or edit it")
    for source in configured.sources:
        if source.mirror is not None and (fault := _fault(source)) is not None:
            return broken(
                f"the mirror {str(source.mirror)!r} of {source.name} cannot be read: {fault}",
                f"git clone --mirror URL-OF-{quote(source.name)} {quote(str(source.mirror))}",
            )
    waiting = Counter(event.repo for event in EventFolder(configured.queue).waiting())
    without = [source.name for source in configured.sources if source.mirror is None and waiting[source.name]]
    counts = ", ".join(f"{count} of {repo}" for repo, count in sorted(waiting.items()))
    if without:
        return warn(f"events wait: {counts}; no mirror of {', '.join(without)}", "graphmem ci   # in its pipeline")
    if waiting:
        return warn(f"events wait: {counts}", "graphmem webhooks run")
    return ok(f"{len(configured.sources)} repositories, no events wait")


def _fault(source: WebhookSource) -> str | None:
    try:
        commit_of(source.mirror or Path(), source.ref or "HEAD")
    except (GitFailure, OSError) as error:
        return str(error)
    return None


WEBHOOKS = Check("webhooks", _webhooks)
