"""The stack in daily operation: parts that heal by themselves, rolling restarts, an inventory to compare."""
