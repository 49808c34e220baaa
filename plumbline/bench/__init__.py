"""How fast it is, beside the way that it is usually done, and whether it can be relied on: figures of ``plumbline bench``."""
