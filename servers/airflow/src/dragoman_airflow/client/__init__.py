"""The Airflows of the settings, over HTTP."""

from dragoman_airflow.client.connector import Connector

__all__ = ["Connector"]
