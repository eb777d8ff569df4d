from ipaddress import IPv4Network, IPv6Network
from pathlib import Path
from typing import Literal

from pydantic import Field, SecretStr
from pydantic_settings import BaseSettings, SettingsConfigDict

from dragoman.auth.issuers import Issuer


class Settings(BaseSettings):
    """What a server is told by its deployment: environment variables `DRAGOMAN_*`.

    Lists and issuers are JSON, e.g. `DRAGOMAN_ISSUERS='[{"issuer": "https://idp.example"}]'`.
    """

    model_config = SettingsConfigDict(env_prefix="DRAGOMAN_", extra="ignore", frozen=True)

    env: Literal["development", "production"] = "development"
    instance: str = Field(default="local", description="Names this replica in the audit chain")
    state: Path = Field(
        default=Path(".dragoman"), description="Writable folder: journal and approvals"
    )

    host: str = "127.0.0.1"
    port: int = 8931
    public_url: str = Field(
        default="", description="How clients reach the server; default host and port"
    )
    allowed_hosts: tuple[str, ...] = ("127.0.0.1:*", "localhost:*", "[::1]:*")
    allowed_origins: tuple[str, ...] = ()
    body_limit: int = Field(default=1_048_576, description="Largest request body in bytes")
    drain_seconds: float = Field(
        default=25.0, description="How long running calls may finish on SIGTERM"
    )
    call_seconds: float = Field(default=300.0, description="Longest call; then it is cancelled")

    issuers: tuple[Issuer, ...] = ()
    trusted_peers: tuple[IPv4Network | IPv6Network, ...] = ()
    trust_domain: str = ""
    request_state_key: SecretStr | None = Field(
        default=None, description="32 or more characters, the same for all replicas"
    )

    @property
    def base_url(self) -> str:
        """Where clients reach this server, without a final slash."""
        return (self.public_url or f"http://{self.host}:{self.port}").rstrip("/")

    @property
    def address(self) -> str:
        """The MCP endpoint, which is also what a token's audience must name."""
        return f"{self.base_url}/mcp"

    def journal_folder(self, server: str) -> Path:
        return self.state / "audit" / server / self.instance

    @property
    def approvals_file(self) -> Path:
        return self.state / "approvals.sqlite"
