"""What every part asks of Kubernetes: its API, Helm, pods of our own, and what pods tell of themselves."""
