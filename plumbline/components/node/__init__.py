"""The nodes that KinD makes, what runs on them, and what they occupy and change on this machine."""
