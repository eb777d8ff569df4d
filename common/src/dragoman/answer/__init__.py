"""Answers that fit, can be checked and leak nothing."""
