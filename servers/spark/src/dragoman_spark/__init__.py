"""Why a Spark application failed, from its logs alone."""
