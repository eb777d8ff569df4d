import os
from ipaddress import ip_address
from pathlib import Path
from typing import Literal, Self
from urllib.parse import urlsplit

from pydantic import BaseModel, ConfigDict, Field, SecretStr, model_validator
from pydantic_settings import BaseSettings, SettingsConfigDict


class Coordinator(BaseModel):
    """One Presto cluster: where it answers, in whose name it is asked, and how far a query may go.

    Secrets are never in here: `secret_variable` names the environment variable that holds one.
    """

    model_config = ConfigDict(frozen=True, extra="forbid")

    name: str = Field(pattern=r"^[a-z0-9][a-z0-9_-]*$")
    url: str = Field(description="http or https, host and port, e.g. https://presto.example:8443")
    catalog: str = ""
    default_schema: str = ""
    time_zone: str = "UTC"
    source: str = Field(default="mcp-presto", description="What resource groups can select on")

    user_mode: Literal["impersonation", "service"] = Field(
        default="impersonation",
        description="Queries run as the caller, or all as `service_user`",
    )
    service_user: str = ""
    impersonation_check: Literal["refuse", "off"] = Field(
        default="refuse",
        description="Whether production stays not ready while a made-up user may run queries",
    )

    auth: Literal["none", "basic", "bearer"] = "none"
    login: str = Field(default="", description="User of basic authentication")
    secret_variable: str = Field(default="", description="Environment variable of the secret")
    verify: bool = True
    ca_file: Path | None = Field(default=None, description="Certificates to trust instead")
    client_certificate: Path | None = None
    client_key: Path | None = None

    connect_seconds: float = Field(default=5.0, gt=0)
    read_seconds: float = Field(default=30.0, gt=0, description="Longest wait for one answer")
    retry_seconds: float = Field(
        default=60.0, ge=0, description="How long polling outlives a coordinator that is away"
    )
    answer_bytes: int = Field(
        default=64 * 1024 * 1024, gt=0, description="Largest single answer that is read"
    )
    next_uri: Literal["refuse", "rewrite"] = Field(
        default="refuse",
        description="What happens to a next address on another host, as Presto gives behind a "
        "proxy that does not tell it the outer address: rewrite keeps path and query alone",
    )

    query_seconds: float = Field(default=300.0, gt=0)
    scan_bytes: int | None = Field(
        default=None, gt=0, description="Raw input a query may read unless the call says otherwise"
    )
    properties: dict[str, str] = Field(
        default_factory=dict[str, str], description="Further session properties of every query"
    )

    @model_validator(mode="after")
    def _holds_together(self) -> Self:
        parts = urlsplit(self.url)
        if parts.scheme not in {"http", "https"} or not parts.hostname:
            raise ValueError("url must be http:// or https:// and name a host")
        if parts.username or parts.password or parts.path.strip("/") or parts.query:
            raise ValueError("url must hold neither user, path nor query")
        if self.user_mode == "service" and not self.service_user:
            raise ValueError("user_mode service needs service_user")
        if self.auth != "none" and not self.secret_variable:
            raise ValueError(f"auth {self.auth} needs secret_variable")
        if self.auth == "basic" and not self.login:
            raise ValueError("auth basic needs login")
        if self.auth != "none" and parts.scheme == "http" and not _is_loopback(parts.hostname):
            raise ValueError("a secret is sent over https only")
        return self

    @property
    def host(self) -> str:
        return urlsplit(self.url).hostname or ""

    @property
    def port(self) -> int:
        parts = urlsplit(self.url)
        return parts.port or (443 if parts.scheme == "https" else 80)

    @property
    def scheme(self) -> str:
        return urlsplit(self.url).scheme

    def secret(self) -> str:
        """The password or token; empty when its variable is not set."""
        return os.environ.get(self.secret_variable, "") if self.secret_variable else ""


class ReadBudget(BaseModel):
    """Bytes that a group may read in one query; everybody without a group's name.

    Where an estimate is unknown the engine's scan limit holds, so being wrong is cheap.
    """

    model_config = ConfigDict(frozen=True, extra="forbid")

    group: str = ""
    bytes: int = Field(gt=0)


class PrestoSettings(BaseSettings):
    """Environment variables `DRAGOMAN_PRESTO_*`.

    `DRAGOMAN_PRESTO_COORDINATORS='[{"name": "prod", "url": "https://presto.example:8443",
    "auth": "bearer", "secret_variable": "PRESTO_TOKEN"}]'`; the first is the default one.
    """

    model_config = SettingsConfigDict(env_prefix="DRAGOMAN_PRESTO_", extra="ignore", frozen=True)

    coordinators: tuple[Coordinator, ...] = ()
    budgets: tuple[ReadBudget, ...] = Field(
        default=(), description="None: every read runs, as far as the engine lets it"
    )
    notes_file: Path | None = Field(
        default=None, description="TOML with owners' notes on tables and verified queries"
    )
    threads: int = Field(default=32, gt=0, description="Answers of Presto awaited at once")
    wait_seconds: float = Field(
        default=40.0, gt=0, description="A call waits so long; then its query goes on by handle"
    )
    most_rows: int = Field(default=1_000_000, gt=0, description="Largest result that is kept")
    most_bytes: int = Field(default=1 << 30, gt=0, description="Largest result that is kept")
    results_url: str = Field(
        default="", description="Folder or bucket that all replicas reach; a local one without"
    )
    results_key: SecretStr | None = Field(
        default=None, description="Seals handles; the same for all replicas"
    )
    results_seconds: float = Field(default=3_600.0, gt=0, description="Life of a result")

    @model_validator(mode="after")
    def _names_differ(self) -> Self:
        names = [each.name for each in self.coordinators]
        if len(set(names)) < len(names):
            raise ValueError("two coordinators have the same name")
        return self


def _is_loopback(host: str | None) -> bool:
    if host == "localhost":
        return True
    try:
        return ip_address(host or "").is_loopback
    except ValueError:
        return False
