"""What tests, demo and benchmarks start for real: a container engine, Airflow, Presto."""
