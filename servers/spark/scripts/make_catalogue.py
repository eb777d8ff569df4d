"""Write `catalogue.tsv.gz` from the pyspark of the interpreter that runs this.

python servers/spark/scripts/make_catalogue.py servers/spark/src/dragoman_spark/catalogue.tsv.gz
"""

import gzip
import importlib.util
import json
import sys
import zipfile
from collections.abc import Iterator
from pathlib import Path
from typing import Any

TEMPLATE_LIMIT = 160
JVM_FILE = "error/error-conditions.json"
STATES_BEFORE = "error/error-classes.json"


def main(target: str) -> None:
    package = _package()
    rows = dict(_rows(_python_conditions(package)))
    rows.update(_rows(_jvm_conditions(package)))
    text = "".join(f"{name}\t{state}\t{said}\n" for name, (state, said) in sorted(rows.items()))
    Path(target).write_bytes(gzip.compress(text.encode(), 9, mtime=0))
    sys.stdout.write(f"{len(rows)} conditions, {Path(target).stat().st_size} bytes\n")


def _package() -> Path:
    spec = importlib.util.find_spec("pyspark")
    if spec is None or spec.origin is None:
        sys.exit("pyspark is not installed here: pip install pyspark, then run this again")
    return Path(spec.origin).parent


def _jvm_conditions(package: Path) -> dict[str, Any]:
    jar = next((package / "jars").glob("spark-common-utils_*.jar"))
    with zipfile.ZipFile(jar) as archive:
        names = set(archive.namelist())
        name = JVM_FILE if JVM_FILE in names else STATES_BEFORE
        conditions: dict[str, Any] = json.loads(archive.read(name))
    return conditions


def _python_conditions(package: Path) -> dict[str, Any]:
    file = package / "errors" / "error-conditions.json"
    conditions: dict[str, Any] = json.loads(file.read_text())
    return conditions


def _rows(conditions: dict[str, Any]) -> Iterator[tuple[str, tuple[str, str]]]:
    for name, condition in conditions.items():
        if name.startswith("_LEGACY_ERROR_TEMP"):
            continue
        state = condition.get("sqlState", "")
        yield name, (state, _short(condition["message"]))
        for sub, entry in condition.get("subClass", {}).items():
            yield f"{name}.{sub}", (state, _short(entry["message"]))


def _short(message: list[str]) -> str:
    text = " ".join(" ".join(message).split())
    return text if len(text) <= TEMPLATE_LIMIT else text[: TEMPLATE_LIMIT - 1] + "…"


if __name__ == "__main__":
    main(sys.argv[1])
