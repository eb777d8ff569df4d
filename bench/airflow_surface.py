"""What the Airflow server costs an agent before its first question: `tools/list` of on-call."""

import tempfile
from pathlib import Path

import anyio
import msgspec
from report import report

from dragoman.server import find
from dragoman.testing import caller, connected


async def listed() -> list[object]:
    who = caller("carol", "data-eng", "on-call", server="airflow")
    with tempfile.TemporaryDirectory() as folder:
        async with connected(find("airflow"), who, state=Path(folder)) as here:
            tools = (await here.client.list_tools()).tools
    return [tool.model_dump(mode="json", by_alias=True, exclude_none=True) for tool in tools]


def main() -> None:
    tools = anyio.run(listed)
    report("airflow_surface", "mcp", tools=len(tools), list_bytes=len(msgspec.json.encode(tools)))


if __name__ == "__main__":
    main()
