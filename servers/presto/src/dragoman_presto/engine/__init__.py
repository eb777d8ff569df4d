"""Presto over its statement protocol: identity, pages, exact values, cancel, query facts."""
