"""Why an application failed."""
