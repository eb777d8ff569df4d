"""What agents can ask of Presto. The only folder a reviewer of behaviour must read."""
