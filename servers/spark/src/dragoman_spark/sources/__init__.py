"""Where logs lie: roots that may be read, the applications in them, the logs beside them."""

from dragoman_spark.sources.beside import Logs
from dragoman_spark.sources.files import LogFile, LogUnreadable
from dragoman_spark.sources.found import Found
from dragoman_spark.sources.roots import LogRoot
from dragoman_spark.sources.search import Listing, Sources

__all__ = ["Found", "Listing", "LogFile", "LogRoot", "LogUnreadable", "Logs", "Sources"]
