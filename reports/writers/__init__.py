"""One module for each form in which a run is shown; each reads the result model and nothing else."""
