"""Alert rules as the charts ship them: what they are, what proves each, and how each is altered to try its proof."""
