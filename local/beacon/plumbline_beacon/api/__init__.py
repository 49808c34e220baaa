"""The Beacon API, as light clients, Geth's own light client and people with curl need it.

Source: ethereum/beacon-APIs. The path of each route stands beside its handler.
"""
