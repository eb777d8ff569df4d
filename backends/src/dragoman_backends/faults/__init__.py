"""Pipelines that fail or wait, each in its own way, and what is true of each."""
