from pydantic import BaseModel, Field
from pydantic_settings import BaseSettings, SettingsConfigDict


class RootSetting(BaseModel):
    """One folder of logs: a short name, where it lies, and tags that policy can ask for."""

    name: str = Field(pattern=r"^[a-z0-9][a-z0-9_-]*$")
    url: str = Field(description="A path, or any address that fsspec opens, e.g. s3://bucket/logs")
    tags: tuple[str, ...] = ()


class SparkSettings(BaseSettings):
    """Environment variables `DRAGOMAN_SPARK_*`.

    `DRAGOMAN_SPARK_ROOTS='[{"name": "prod", "url": "/var/log/spark"}]'`: nothing outside the
    roots is ever opened.
    """

    model_config = SettingsConfigDict(env_prefix="DRAGOMAN_SPARK_", extra="ignore", frozen=True)

    roots: tuple[RootSetting, ...] = ()
    kept_summaries: int = Field(default=32, description="Finished applications kept in memory")
    readers: int = Field(default=2, description="Logs read at once")
