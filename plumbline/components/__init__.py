"""The parts of the stack, one class each: what it needs, how it comes up, when it is ready, what can be asked of it."""
