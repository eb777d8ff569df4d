"""The contract of a server: generated, committed beside its code, baked into its wheel."""

import json
import tomllib
from typing import Any

from pydantic import BaseModel, ConfigDict, Field

from dragoman.answer.canonical import digest
from dragoman.server import Server
from dragoman.tool import Tool


class Minutes(BaseModel):
    """Who claims the minutes saved, how they were found and when."""

    model_config = ConfigDict(extra="forbid")

    author: str
    method: str
    date: str


class Posture(BaseModel):
    """`[tool.dragoman]` of a member's pyproject.toml."""

    model_config = ConfigDict(extra="forbid")

    owner: str
    support: str = Field(description="Channel where people ask")
    on_call: str
    data_class: str
    backends: list[str]
    audience: list[str] = Field(description="Groups the server is meant for")
    surfaces: list[str]
    channels: list[str]
    scaling: str
    minutes: Minutes


def manifest(server: Server) -> dict[str, Any]:
    """Everything a reviewer signs: posture, instructions, policies and each tool's contract."""
    tools = [_tool(tool) for tool in server.tools.values()]
    body: dict[str, Any] = {
        "name": server.name,
        "title": server.title,
        "version": server.version,
        "posture": posture(server).model_dump(),
        "instructions": server.instructions,
        "tools": tools,
        "policies": server.policy_text(),
    }
    return {"digest": digest(body), **body}


def render(server: Server) -> str:
    return json.dumps(manifest(server), indent=2, ensure_ascii=False) + "\n"


def posture(server: Server) -> Posture:
    project = tomllib.loads((server.folder / "pyproject.toml").read_text(encoding="utf-8"))
    return Posture.model_validate(project["tool"]["dragoman"])


def stale(server: Server) -> bool:
    """Whether the committed manifest differs from what the code says now."""
    path = server.folder / "manifest.json"
    return not path.exists() or path.read_text(encoding="utf-8") != render(server)


def _tool(tool: Tool) -> dict[str, Any]:
    return {
        "name": tool.name,
        "description": tool.description,
        "risk": tool.risk.value,
        "policy": tool.policy,
        "minutes_saved": tool.minutes_saved,
        "four_eyes": tool.four_eyes,
        "channels": list(tool.channels),
        "digest": tool.schema_digest,
        "input": tool.input_schema,
        "output": tool.output_schema,
    }
