"""How the server and the worker write their logs: lines for people, or with UNROLLED_LOG=json one JSON object a line.

A line about a run carries its id: ``log.info("…", extra={"run": run_id})``.
"""

from __future__ import annotations

import json
import logging
import os
import sys
from datetime import UTC, datetime

FORM = "UNROLLED_LOG"
PLAIN = "%(asctime)s %(message)s"
HOME = logging.getLogger("unrolled")
"""All loggers of ours are below it."""


class JsonLines(logging.Formatter):
    """Time (UTC), level, logger, run where it is about one, message, and the trace where there is one."""

    def format(self, record: logging.LogRecord) -> str:
        """One line."""
        line = {
            "time": datetime.fromtimestamp(record.created, UTC).isoformat(timespec="milliseconds"),
            "level": record.levelname.lower(),
            "logger": record.name,
            "run": getattr(record, "run", None),
            "message": record.getMessage(),
            "trace": self.formatException(record.exc_info) if record.exc_info else None,
        }
        return json.dumps({key: value for key, value in line.items() if value is not None}, ensure_ascii=False)


def configure() -> None:
    """Send what our loggers say to stderr, in the form that the environment asks for; once a process."""
    if HOME.handlers:
        return
    handler = logging.StreamHandler(sys.stderr)
    handler.setFormatter(JsonLines() if os.environ.get(FORM) == "json" else logging.Formatter(PLAIN))
    HOME.addHandler(handler)
    HOME.setLevel(logging.INFO)
