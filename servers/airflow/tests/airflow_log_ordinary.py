"""Ordinary log lines by the thousand, full of what only looks like an id of another system."""

import random
from datetime import UTC, datetime, timedelta

_WORDS = "load merge final total batch stage clean daily retry spark local presto app pod".split()  # noqa: SIM905


def ordinary_lines(count: int, seed: int) -> list[str]:
    """Lines of which none names a Spark application, a Presto query or a pod."""
    chance = random.Random(seed)
    return [chance.choice(_MAKERS)(chance) for _ in range(count)]


def _when(chance: random.Random) -> datetime:
    return datetime(2019, 1, 1, tzinfo=UTC) + timedelta(seconds=chance.randrange(250_000_000))


def _word(chance: random.Random) -> str:
    return chance.choice(_WORDS)


def _hex(chance: random.Random, length: int) -> str:
    return f"{chance.getrandbits(4 * length):0{length}x}"


def _uuid(chance: random.Random) -> str:
    digits = _hex(chance, 32)
    return "-".join([digits[:8], digits[8:12], digits[12:16], digits[16:20], digits[20:]])


def _exported(chance: random.Random) -> str:
    form = chance.choice(["%Y%m%d_%H%M%S", "%Y%m%d_%H%M", "%Y%m%d-%H%M%S", "%Y%m%dT%H%M%SZ"])
    stamp = _when(chance).strftime(form)
    ending = chance.choice(["csv", "parquet", "json.gz", "tar.gz", "log", "sql"])
    number = chance.randrange(100_000)
    return f"wrote /exports/{_word(chance)}_{stamp}_{number:05d}.{ending}"


def _part(chance: random.Random) -> str:
    stamp = _when(chance).strftime("%Y%m%d_%H%M%S")
    number = chance.randrange(100_000)
    return f"s3://lake/orders/{stamp}_{number:05d}_{_hex(chance, 5)}.snappy.parquet written"


def _data_file(chance: random.Random) -> str:
    stamp = _when(chance).strftime("%Y%m%d_%H%M%S")
    number = chance.randrange(100_000)
    return f"reading hdfs://nn/t/{stamp}_{number:05d}_{_hex(chance, 5)}_{_uuid(chance)}"


def _backup(chance: random.Random) -> str:
    stamp = _when(chance).strftime("%Y%m%d_%H%M%S")
    number = chance.randrange(100_000)
    return f"moved backup_{stamp}_{number:05d}_{_word(chance)} and {stamp}_{number:05d}_final"


def _partition(chance: random.Random) -> str:
    when = _when(chance)
    part = f"part-{chance.randrange(9999):05d}-{_uuid(chance)}"
    return f"partition ds={when:%Y-%m-%d}/hour={when:%H}/{part}"


def _impossible(chance: random.Random) -> str:
    day, month = chance.randrange(32, 99), chance.randrange(13, 99)
    tail = _hex(chance, 5)
    time, number = chance.randrange(250_000, 999_999), chance.randrange(99_999)
    return f"counter 2024{month}{day}_{time}_{number:05d}_{tail}"


def _hashes(chance: random.Random) -> str:
    return f"commit {_hex(chance, 40)} md5 {_hex(chance, 32)} image spark-{_hex(chance, 12)}"


def _temporary(chance: random.Random) -> str:
    return f"Deleting directory /tmp/spark-{_uuid(chance)} and /tmp/local-{chance.randrange(99999)}"


def _versions(chance: random.Random) -> str:
    return (
        f"app-{chance.randrange(99)} application_{chance.randrange(9999)}_{chance.randrange(99)}"
        f" application_{_when(chance):%Y%m%d}_{chance.randrange(9999):04d} v{chance.randrange(9)}.1"
    )


def _yarn_like(chance: random.Random) -> str:
    epoch = int(_when(chance).timestamp())
    return (
        f"container_{epoch}123_{chance.randrange(9999):04d}_01_000001 job_{epoch}123_0042 "
        f"application_{epoch}_{chance.randrange(9999)}"
    )


def _release(chance: random.Random) -> str:
    return f"release app-{_when(chance):%Y%m%d%H%M%S}-rc1 of local-{int(_when(chance).timestamp())}"


def _pods(chance: random.Random) -> str:
    return chance.choice(
        [
            "pod auto-scaling is on",
            "pods re-created after the node-pool moved",
            "pod-to-pod traffic allowed",
            "the podcast feed-2024 has 12 items",
            "waiting for pod start-up",
            f"pod limits: cpu={chance.randrange(8)} memory=2Gi",
        ]
    )


def _rows(chance: random.Random) -> str:
    return f"{chance.randrange(10**12)} rows in {chance.random() * 100:.3f} s, id {_uuid(chance)}"


def _run(chance: random.Random) -> str:
    when = _when(chance)
    return f"run scheduled__{when:%Y-%m-%dT%H:%M:%S}+00:00 manual__{when:%Y-%m-%d} try 2 of 3"


_MAKERS = (
    _exported, _part, _data_file, _backup, _partition, _impossible, _hashes, _temporary,
    _versions, _yarn_like, _release, _pods, _rows, _run,
)  # fmt: skip
