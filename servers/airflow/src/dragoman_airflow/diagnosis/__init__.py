"""Why a run failed: roots by the graph, their logs and events, and what changed since it worked."""
