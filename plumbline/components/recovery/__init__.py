"""Restoring a node from a snapshot of another one's volume: admitted, copied, judged, and only then given clients."""
