"""What an Airflow of the tests is told: loopback only, light at rest, quick to notice."""

import secrets
from pathlib import Path

AIRFLOW_3 = "3.3.2"
AIRFLOW_2 = "2.11.2"
USERS = {"admin": "admin", "operator": "op", "viewer": "viewer"}
"""The role of each user."""


def _common(folder: Path) -> dict[str, str]:
    return {
        "HOME": str(folder),
        "LANG": "C.UTF-8",
        "AIRFLOW_HOME": str(folder),
        "AIRFLOW__CORE__LOAD_EXAMPLES": "False",
        "AIRFLOW__CORE__DAGS_FOLDER": f"{folder}/dags",
        "AIRFLOW__CORE__PLUGINS_FOLDER": f"{folder}/plugins",
        "AIRFLOW__CORE__DAG_DISCOVERY_SAFE_MODE": "False",
        "AIRFLOW__CORE__DAGS_ARE_PAUSED_AT_CREATION": "False",
        "AIRFLOW__CORE__PARALLELISM": "4",
        "AIRFLOW__CORE__MAX_ACTIVE_TASKS_PER_DAG": "4",
        "AIRFLOW__CORE__EXECUTOR": "LocalExecutor",
        "AIRFLOW__LOGGING__BASE_LOG_FOLDER": f"{folder}/logs",
        "AIRFLOW__SCHEDULER__SCHEDULER_IDLE_SLEEP_TIME": "0.5",
    }


def settings_3(folder: Path, port: int) -> dict[str, str]:
    """Airflow 3 on `port`; a file is parsed again when it changes, else every ten minutes."""
    address = f"http://127.0.0.1:{port}"
    return {
        **_common(folder),
        "AIRFLOW__API__HOST": "127.0.0.1",
        "AIRFLOW__API__PORT": str(port),
        "AIRFLOW__API__WORKERS": "1",
        "AIRFLOW__API__BASE_URL": address,
        "AIRFLOW__API_AUTH__JWT_SECRET": secrets.token_hex(48),
        "AIRFLOW__CORE__EXECUTION_API_SERVER_URL": f"{address}/execution/",
        "AIRFLOW__WORKERS__EXECUTION_API_TIMEOUT": "60",
        "AIRFLOW__CORE__SIMPLE_AUTH_MANAGER_USERS": ",".join(
            f"{name}:{role}" for name, role in USERS.items()
        ),
        "AIRFLOW__CORE__SIMPLE_AUTH_MANAGER_PASSWORDS_FILE": f"{folder}/passwords.json",
        "AIRFLOW__DAG_PROCESSOR__REFRESH_INTERVAL": "5",
        "AIRFLOW__DAG_PROCESSOR__BUNDLE_REFRESH_CHECK_INTERVAL": "2",
        "AIRFLOW__DAG_PROCESSOR__MIN_FILE_PROCESS_INTERVAL": "600",
    }


def settings_2(folder: Path, port: int, executor: str) -> dict[str, str]:
    """Airflow 2 on `port`, whose API takes name and password."""
    chosen = {"AIRFLOW__CORE__EXECUTOR": executor} if executor else {}
    return {
        **_common(folder),
        **chosen,
        "AIRFLOW__API__AUTH_BACKENDS": "airflow.api.auth.backend.basic_auth",
        "AIRFLOW__WEBSERVER__WEB_SERVER_HOST": "127.0.0.1",
        "AIRFLOW__WEBSERVER__WEB_SERVER_PORT": str(port),
        "AIRFLOW__WEBSERVER__WORKERS": "2",
        "AIRFLOW__WEBSERVER__BASE_URL": f"http://127.0.0.1:{port}",
        "AIRFLOW__WEBSERVER__SECRET_KEY": secrets.token_hex(32),
        "AIRFLOW__SCHEDULER__MIN_FILE_PROCESS_INTERVAL": "30",
        "AIRFLOW__SCHEDULER__DAG_DIR_LIST_INTERVAL": "5",
        "AIRFLOW__USAGE_DATA_COLLECTION__ENABLED": "False",
    }


def database_settings(folder: Path, address: str | None) -> dict[str, str]:
    """PostgreSQL at `address`, else SQLite in `folder`."""
    if address:
        name = f"postgresql+psycopg2://airflow@{address}/airflow"
    else:
        name = f"sqlite:///{folder}/airflow.db"
    return {"AIRFLOW__DATABASE__SQL_ALCHEMY_CONN": name}
