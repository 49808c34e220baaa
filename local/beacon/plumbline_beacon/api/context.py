"""What every handler reads: the published view, a reader of the store, and what may be wrong on command."""

from __future__ import annotations

from dataclasses import dataclass

from plumbline_beacon.api.errors import ApiError
from plumbline_beacon.audience import Audience
from plumbline_beacon.engines import Engines
from plumbline_beacon.metrics import Metrics
from plumbline_beacon.store import StoreReader
from plumbline_beacon.view import Events, Publication, View


@dataclass(frozen=True, slots=True)
class Context:
    """Everything on the event loop's side of the node."""

    publication: Publication
    store: StoreReader
    events: Events
    engines: Engines
    audience: Audience
    metrics: Metrics

    def view(self) -> View:
        """Return the chain as of its head.

        Raises:
            ApiError: 503, there is none yet.
        """
        view = self.publication.view
        if view is None:
            raise ApiError(503, "there is no chain yet: the node waits for its execution engine, or reads its database")
        return view
