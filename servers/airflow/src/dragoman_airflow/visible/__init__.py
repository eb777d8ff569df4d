"""One Airflow as one caller may see it."""

from dragoman_airflow.visible.airflow import VisibleAirflow
from dragoman_airflow.visible.labels import Labels
from dragoman_airflow.visible.sight import CHANGE, READ, instance_entity

__all__ = ["CHANGE", "READ", "Labels", "VisibleAirflow", "instance_entity"]
