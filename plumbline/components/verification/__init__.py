"""What the light client is worth: asked beside an execution node, and told lies of every kind."""
