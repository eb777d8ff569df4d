"""The Airflow server: why a run failed or waits, and how to re-run it safely."""
