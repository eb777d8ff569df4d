"""DAGs, runs and what is wrong over whole Airflows, as lists that say how complete they are."""
