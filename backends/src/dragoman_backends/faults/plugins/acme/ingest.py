"""Reading what partners and shops deliver."""

import logging
import os
import sys
from pathlib import Path
from typing import Any

log = logging.getLogger("acme.ingest")


class BatchRejected(Exception):
    """A delivered batch cannot be taken as it is."""


def read_batch(name: str, rows: int) -> list[dict[str, Any]]:
    """Rows of a batch; the last one of a long batch came from the old till."""
    log.info("reading batch %s, %d rows expected", name, rows)
    batch: list[dict[str, Any]] = [
        {"id": number, "amount": number * 3, "currency": "EUR"} for number in range(rows)
    ]
    if rows > 1000:
        batch[1184].pop("currency")
    return batch


def convert_batch(name: str, batch: list[dict[str, Any]]) -> int:
    """The batch's sum, every row in its currency."""
    try:
        return sum(_convert(row) for row in batch)
    except KeyError as missing:
        where = next(row["id"] for row in batch if "currency" not in row)
        raise BatchRejected(f"batch {name}: row {where} has no {missing.args[0]}") from missing


def _convert(row: dict[str, Any]) -> int:
    return int(row["amount"]) * _rate(row["currency"])


def _rate(currency: str) -> int:
    return {"EUR": 100, "CHF": 96}[currency]


def push_to_gateway(invoices: int) -> None:
    """Hands invoices to the bank's gateway program, which ends the process by itself."""
    log.info("gateway session opened, %d invoices queued", invoices)
    log.info("gateway answered: merchant account 4471 is suspended since 2 November")
    log.info("gateway session closed")
    sys.exit(1)


def take_rates(day: str) -> dict[str, float]:
    """The day's rates; those of another day are no rates."""
    log.info("rates file found for %s", day)
    log.info("rates file is dated 2026-11-02, four bank days older than allowed")
    return {}


def read_region(region: str) -> int:
    """Rows of a region's extract."""
    log.info("region %s: extract opened", region)
    layouts = {"north": 7, "south": 7, "west": 7}
    if region == "islands":
        raise ConnectionResetError(f"extract server closed the stream of region {region}")
    return layouts[region]


def read_partition(number: int) -> int:
    """Rows of one partition of the orders table."""
    if number == 107:
        raise ValueError(f"partition {number}: checksum 9f31 differs from manifest 77c0")
    return number * 10


def pull_contacts(attempt: int) -> int:
    """Contacts of the CRM; its gateway restarts now and then."""
    if attempt == 1:
        raise ConnectionResetError("crm gateway restarted while pulling page 3")
    raise BatchRejected("crm answers schema version 4; this reader knows versions 1 to 3")


def calibrate(device: str, attempt: int) -> None:
    """Calibration values of a device in the plant."""
    log.info("calibrating %s, attempt %d", device, attempt)
    raise ZeroDivisionError(f"device {device} reports a span of 0")


def drop_leftovers() -> None:
    """Removes what yesterday left in the landing folder."""
    raise FileNotFoundError(2, "No such file or directory", "/landing/2026-11-06/_SUCCESS")


def land(name: str) -> Path:
    """A file in the landing folder, which belongs to the delivery service."""
    path = Path(os.environ["AIRFLOW_HOME"], "landing", name)
    path.parent.mkdir(exist_ok=True)
    return path


def read_shard(number: int) -> int:
    """Rows of a shard; the new shards are written by the new writer."""
    if number == 4:
        raise UnicodeDecodeError(
            "utf-8", b"\xff\xfe", 0, 1, f"invalid start byte in shard {number}"
        )
    return number


def first_basket(baskets: list[dict[str, Any]] | None) -> int:
    """Size of the first basket of what the step before handed on."""
    log.info("merging baskets of the step before")
    return int(baskets[0]["size"])  # type: ignore[index]  # the step before may hand on nothing


def segment_of(conf: dict[str, Any]) -> str:
    """The segment a campaign goes to."""
    return str(conf["segment"])


def points(days: int) -> int:
    """Loyalty points of the last days."""
    if days < 1:
        raise ValueError(f"days must be at least 1, not {days}")
    return days * 10


def report_orders(extras: list[dict[str, Any]]) -> None:
    """A report of what the orders table says it holds."""
    log.info("orders table announced %s", extras)
    for extra in extras:
        if extra.get("rows") == 0:
            raise BatchRejected(f"orders delivery {extra['delivery']} announces 0 rows")
