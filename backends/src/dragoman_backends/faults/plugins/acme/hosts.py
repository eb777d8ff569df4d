"""Work that leans on its machine."""

import logging
import os
import signal
import time

log = logging.getLogger("acme.hosts")


def resize(images: int) -> None:
    """Resizes images in this very process, which the kernel may end."""
    log.info("resizing %d images", images)
    log.info("image 512 of %d, 61 MB decoded", images)
    time.sleep(0.5)
    os.kill(os.getpid(), signal.SIGKILL)
