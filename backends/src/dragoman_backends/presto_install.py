"""Presto's jars, resolved once with Maven: the server in `lib`, plug-ins in `plugin/<name>`.

The whole server archive is 1 to 2 GB; these jars are 120 MB, and 330 MB more with Hive.
"""

import os
import shutil
from pathlib import Path

from dragoman_backends.processes import BackendFailed, run

ROOT = Path(__file__).resolve().parents[3]
POM = Path(__file__).parent / "presto_pom.xml"

# Of 0.296 the public repository serves the server and tpch, of 0.287 every plug-in.
PLUGINS = {
    "0.287": ("tpch", "tpcds", "memory", "blackhole", "hive-hadoop2"),
    "0.296": ("tpch",),
}


def presto_home(version: str) -> Path:
    """The folder with `lib` and `plugin`; resolved when it is not there, or by another recipe."""
    if version not in PLUGINS:
        raise BackendFailed(f"no Presto {version} here; there are {', '.join(PLUGINS)}")
    home = ROOT / ".tools" / f"presto-{version}"
    recipe = home / "recipe.txt"
    wanted = f"{POM.read_text()}{PLUGINS[version]}"
    if recipe.exists() and recipe.read_text() == wanted:
        return home
    fresh = home.with_name(f"{home.name}.{os.getpid()}")
    _resolve("presto-main", version, fresh / "lib")
    for plugin in PLUGINS[version]:
        _resolve(f"presto-{plugin}", version, fresh / "plugin" / plugin)
    (fresh / "recipe.txt").write_text(wanted)
    shutil.rmtree(home, ignore_errors=True)
    fresh.rename(home)
    return home


def java() -> Path:
    """A Java 17; another one is taken from `DRAGOMAN_PRESTO_JAVA`."""
    if chosen := os.environ.get("DRAGOMAN_PRESTO_JAVA"):
        return Path(chosen)
    for found in sorted(Path("/usr/lib/jvm").glob("*17*/bin/java")):
        return found
    raise BackendFailed("Java 17 is missing; install openjdk-17-jre-headless")


def available() -> bool:
    """Whether a Presto could be installed and started here."""
    try:
        java()
    except BackendFailed:
        return False
    return shutil.which("mvn") is not None


def _resolve(module: str, version: str, folder: Path) -> None:
    maven = shutil.which("mvn")
    if not maven:
        raise BackendFailed("mvn is missing; install maven")
    command = [maven, "-B", "-q", "-f", POM, "dependency:copy-dependencies"]
    options = {
        "includeScope": "runtime",
        "outputDirectory": str(folder),
        "presto.module": module,
        "presto.version": version,
    }
    given = [f"-D{name}={value}" for name, value in options.items()]
    run(f"mvn {module} {version}", [*command, *given], seconds=600)
