"""The faults, a module for each family of controls; all of them are found by being here."""
