"""The Presto server: from question to trusted rows, without harm."""
