"""Images made of what this machine has, so that no image registry is asked.

They hold the machine's own configuration: never save, push or commit them.
"""

import io
import os
import shutil
import subprocess
import sys
import tarfile
import tempfile
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Any

from dragoman_backends.engine import Engine
from dragoman_backends.processes import BackendFailed, run

CERTIFICATES = "/etc/ssl/certs/ca-certificates.crt"
PYTHON_IMAGE = "dragoman/host-python:latest"
SHARED = ("libc6", "libgcc-s1", "libstdc++6", "libtinfo6", "zlib1g")
LEFT_OUT = ("__pycache__", "site-packages", "test", "share")


def python_image(engine: Engine, tag: str = PYTHON_IMAGE, python: Path | None = None) -> str:
    """An image of about 100 MB with this Python, busybox and bash; no pip before ensurepip."""
    prefix = python or Path(sys.base_prefix)
    with tempfile.TemporaryDirectory() as name:
        root = Path(name)
        _lay_out(root)
        shutil.copytree(
            prefix,
            root / "usr/local",
            symlinks=True,
            ignore=shutil.ignore_patterns(*LEFT_OUT, "*.a", "config-*"),
            dirs_exist_ok=True,
        )
        _copy_shared_objects(root)
        changes = [
            "ENV PATH=/usr/local/bin:/bin",
            "ENV LD_LIBRARY_PATH=/usr/local/lib",
            f"ENV SSL_CERT_FILE={CERTIFICATES}",
            f"ENV PIP_CERT={CERTIFICATES}",
            'CMD ["python3"]',
        ]
        with engine.client() as client:
            repository, _, version = tag.partition(":")
            packed = io.BytesIO()
            with tarfile.open(fileobj=packed, mode="w") as tar:
                tar.add(root, arcname=".")
            api: Any = client.api
            api.import_image_from_data(
                packed.getvalue(), repository=repository, tag=version, changes=changes
            )
    return tag


def airflow_image(engine: Engine, environment: Path, version: str) -> str:
    """An image with the Airflow of a built environment, on the host's Python."""
    tag = f"dragoman/airflow:{version}"
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        packages = next(environment.resolve().glob("lib/python3.*/site-packages"))
        (folder / "Dockerfile").write_text(
            f"FROM {PYTHON_IMAGE}\n"
            f"COPY site-packages /usr/local/lib/{packages.parent.name}/site-packages\n"
            "COPY airflow /usr/local/bin/airflow\n"
            "ENV AIRFLOW_HOME=/opt/airflow HOME=/opt/airflow\n"
            'ENTRYPOINT ["airflow"]\n'
            'CMD ["standalone"]\n'
        )
        program = folder / "airflow"
        program.write_text('#!/bin/sh\nexec python3 -m airflow "$@"\n')
        program.chmod(0o755)
        shutil.copytree(
            packages,
            folder / "site-packages",
            symlinks=True,
            ignore=shutil.ignore_patterns("__pycache__"),
            copy_function=_link,
        )
        with engine.client() as client:
            client.images.build(path=str(folder), tag=tag, rm=True)
    return tag


def _link(source: str, target: str) -> str:
    """A hard link where the file system allows one, else a copy."""
    try:
        os.link(source, target)
    except OSError:
        shutil.copy2(source, target)
    return target


def _lay_out(root: Path) -> None:
    for folder in ("bin", "usr/bin", "usr/local", "etc/ssl/certs", "root", "lib", "lib64"):
        (root / folder).mkdir(parents=True, exist_ok=True)
    for folder in ("tmp", "var/tmp", "proc", "sys", "dev"):
        (root / folder).mkdir(parents=True, exist_ok=True)
    for folder in ("tmp", "var/tmp"):
        (root / folder).chmod(0o1777)
    busybox = shutil.which("busybox")
    if not busybox:
        raise BackendFailed("busybox is not installed; run backends/install.sh")
    shutil.copy(busybox, root / "bin/busybox")
    for applet in run("busybox", [busybox, "--list"]).split():
        if applet != "busybox":
            (root / "bin" / applet).symlink_to("busybox")
    shutil.copy("/bin/bash", root / "bin/bash")
    (root / "usr/bin/env").symlink_to("/bin/busybox")
    shutil.copy(CERTIFICATES, root / "etc/ssl/certs")
    (root / "etc/passwd").write_text("root:x:0:0:root:/root:/bin/sh\n")
    (root / "etc/group").write_text("root:x:0:\n")
    (root / "etc/nsswitch.conf").write_text("hosts: files dns\n")


def _copy_shared_objects(root: Path) -> None:
    """What programs of the image load, and what wheels commonly need beyond it."""
    programs = [*root.rglob("*.so"), *root.rglob("*.so.*"), *root.glob("usr/local/bin/python3.*")]
    programs.append(Path("/bin/bash"))
    needed = {*_loaded(programs), *_of_packages(SHARED)}
    for path in sorted(needed):
        target = root / path.relative_to("/")
        target.parent.mkdir(parents=True, exist_ok=True)
        if not target.exists():
            shutil.copy(path, target)


def _loaded(programs: Sequence[Path]) -> Iterator[Path]:
    said = subprocess.run(
        ["ldd", *map(str, programs)],  # noqa: S607  # Debian's own place of it
        capture_output=True,
        text=True,
        check=False,
    ).stdout
    for line in said.splitlines():
        words = line.split()
        found = words[2] if len(words) > 2 and words[1] == "=>" else words[0] if words else ""
        if found.startswith("/") and ".so" in found and not found.endswith(":"):
            yield Path(found)


def _of_packages(names: Sequence[str]) -> Iterator[Path]:
    for line in run("dpkg", ["dpkg", "-L", *names]).splitlines():
        path = Path(line)
        if ".so" in path.name and "x86_64-linux-gnu" in path.parts and path.is_file():
            yield path
