from collections.abc import Mapping

from pydantic import BaseModel, ConfigDict, JsonValue


class Handover(BaseModel):
    """The next call, ready to be made, here or on another server."""

    model_config = ConfigDict(frozen=True)

    server: str
    tool: str
    arguments: Mapping[str, JsonValue]
