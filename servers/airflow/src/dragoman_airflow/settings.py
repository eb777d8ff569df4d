from typing import Literal

from pydantic import BaseModel, Field, SecretStr
from pydantic_settings import BaseSettings, SettingsConfigDict


class Account(BaseModel):
    """How this server signs in to one Airflow.

    `token`: a fixed bearer token. `password`: traded at the auth manager's /auth/token (Airflow 3),
    or sent as HTTP Basic (Airflow 2). Every note then names the person and the approval.
    """

    token: SecretStr | None = None
    username: str = ""
    password: SecretStr | None = None


class Exchange(BaseModel):
    """Trades our own proof for a token in the caller's name, by RFC 8693.

    The caller's inbound token never travels: the person is named as `requested_subject`.
    """

    url: str
    client_id: str
    client_secret: SecretStr
    audience: str = ""
    scope: str = ""


class InstanceSetting(BaseModel):
    """One Airflow: a short name, where it answers, and tags that policy can ask for."""

    name: str = Field(pattern=r"^[a-z0-9][a-z0-9_-]*$")
    url: str = Field(description="Without /api, e.g. https://airflow.example.org")
    ui_url: str = Field(default="", description="Where people open it, when not at `url`")
    tags: tuple[str, ...] = ()
    account: Account = Account()
    exchange: Exchange | None = None
    ca_file: str = ""
    api: Literal["detect", "v1", "v2"] = "detect"


class AirflowSettings(BaseSettings):
    """Environment variables `DRAGOMAN_AIRFLOW_*`.

    `DRAGOMAN_AIRFLOW_INSTANCES='[{"name": "prod", "url": "https://…", "account": {"token": …}}]'`:
    no other Airflow is ever spoken to.
    """

    model_config = SettingsConfigDict(env_prefix="DRAGOMAN_AIRFLOW_", extra="ignore", frozen=True)

    instances: tuple[InstanceSetting, ...] = ()
    connect_seconds: float = 3.0
    read_seconds: float = 20.0
    retry_seconds: float = Field(default=8.0, description="Reads are tried again for so long")
    threads: int = Field(default=32, description="Requests to all Airflows at the same time")
    page: int = Field(default=100, le=100, description="Airflow caps a page at 100 by default")
    tag_seconds: float = Field(default=60.0, description="How long a DAG's tags are believed")
    plan_seconds: float = Field(default=3_600.0, description="How long a plan can be applied")
