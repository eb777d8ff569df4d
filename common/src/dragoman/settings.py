import json
from ipaddress import IPv4Network, IPv6Network
from pathlib import Path
from typing import Annotated, Literal, Self

from pydantic import BeforeValidator, Field, SecretStr, model_validator
from pydantic_settings import BaseSettings, NoDecode, SettingsConfigDict

from dragoman.auth.issuers import Issuer


def _words(value: object) -> object:
    if not isinstance(value, str):
        return value
    return json.loads(value) if value.startswith("[") else value.replace(",", " ").split()


Words = Annotated[tuple[str, ...], NoDecode, BeforeValidator(_words)]
"""Words, apart by commas or spaces in their variable, or a JSON list."""


class Settings(BaseSettings):
    """What a server is told by its deployment: environment variables `DRAGOMAN_*`.

    Lists are JSON, e.g. `DRAGOMAN_ISSUERS='[{"issuer": "https://idp.example", "audience":
    ["https://here.example/mcp"], "jwks_uri": "https://idp.example/jwks.json"}]'`.
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
    approvals_audience: str = Field(
        default="",
        description="The `aud` of tokens with which people decide themselves, and of no others; "
        "default <base url>/approvals",
    )

    user: str = Field(default="", description="Over stdio alone: who calls")
    groups: Words = Field(default=(), description="Over stdio alone: their groups, e.g. a,b")
    scopes: Words = Field(
        default=(), description="Over stdio alone: what they granted; default read and write"
    )

    @model_validator(mode="after")
    def _door_is_apart(self) -> Self:
        """An agent's token must never open the door where its person decides."""
        door = self.approvals_address.removesuffix("/")
        if door == self.address or any(each.meant_here(door) for each in self.issuers):
            raise ValueError(
                "approvals_audience must differ from every audience of the issuers: "
                "a token that a server takes must not decide the calls made with it"
            )
        return self

    @property
    def base_url(self) -> str:
        """Where clients reach this server, without a final slash."""
        return (self.public_url or f"http://{self.host}:{self.port}").rstrip("/")

    @property
    def address(self) -> str:
        """The MCP endpoint, which is also what a token's audience must name."""
        return f"{self.base_url}/mcp"

    @property
    def approvals_address(self) -> str:
        """What the `aud` of a token must name for its person to decide calls."""
        return self.approvals_audience or f"{self.base_url}/approvals"

    def journal_folder(self, server: str) -> Path:
        return self.state / "audit" / server / self.instance

    @property
    def approvals_file(self) -> Path:
        return self.state / "approvals.sqlite"
