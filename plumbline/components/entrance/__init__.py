"""The way in from outside: addresses, hosts, TLS, limits, and clients that come by it."""
