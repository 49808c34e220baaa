"""What faults do to the stack, each with its cure written down before it is done."""
