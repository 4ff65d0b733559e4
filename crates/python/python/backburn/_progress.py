"""The progress of a fit on one line, in a terminal and in a notebook."""

from __future__ import annotations

import sys
from collections.abc import Callable
from typing import Any

#: The longest line.
_WIDTH = 78


class Progress:
    """Prints the events of a fit to standard error."""

    def __init__(self) -> None:
        self._shown = 0

    def __call__(self, event: dict[str, Any]) -> None:
        """Shows an event: an epoch replaces the line, and what stays is printed as a line of its own."""
        name = event["event"]
        if name == "epoch_end":
            self._replace(_epoch(event))
        elif name == "selected":
            self._keep(event["message"])
        elif name == "warning":
            self._keep(f"warning: {event['message']}")
        elif name == "member_end":
            self._keep(f"network {event['member'] + 1} of {event['members']} is finished")
        elif name == "job_end":
            self._replace(f"{event['ended']} of {event['jobs']} jobs are finished")

    def close(self) -> None:
        """Removes the line."""
        self._replace("")

    def _replace(self, text: str) -> None:
        text = text[:_WIDTH]
        sys.stderr.write("\r" + text.ljust(self._shown) + ("" if text else "\r"))
        sys.stderr.flush()
        self._shown = len(text)

    def _keep(self, text: str) -> None:
        self._replace("")
        sys.stderr.write(text + "\n")
        sys.stderr.flush()


def all_of(observers: list[Callable[[dict[str, Any]], object]]) -> Callable[[dict[str, Any]], None]:
    """An observer that calls each of several."""

    def observe(event: dict[str, Any]) -> None:
        for observer in observers:
            observer(event)

    return observe


def _epoch(event: dict[str, Any]) -> str:
    losses = [f"{_job(event['job'])}: epoch {event['epoch']}"]
    for name in ("training_loss", "validation_loss"):
        if event[name] is not None:
            losses.append(f"{name.replace('_', ' ')} {event[name]:.4g}")
    return ", ".join(losses)


def _job(name: str) -> str:
    """The name of a job in words: ``trial``, ``network`` or ``network 2``."""
    return "trial" if "-trial-" in name else name.replace("-member-", " ")
