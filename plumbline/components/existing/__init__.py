"""A stack that others installed: where its parts are (the map), who reads them (the reader), and what is asked of them."""
