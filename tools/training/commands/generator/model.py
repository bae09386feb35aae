"""The meaning of one line and its JSON text, as LANGUAGE.md defines them."""

from __future__ import annotations

import json
from dataclasses import dataclass

KEYS = ("action", "device", "room", "time", "minutes", "percent", "degrees")
ACTIONS = ("on", "off", "open", "close", "set", "query", "cancel", "none")
DEVICES = ("lamp", "heater", "fan", "blind", "door", "radio", "alarm", "sprinkler")
ROOMS = ("kitchen", "bedroom", "bathroom", "hall", "garage", "garden", "office", "living room")


@dataclass
class Command:
    """One meaning; the fields stand in the order of the keys."""

    action: str
    device: str | None = None
    room: str | None = None
    time: str | None = None
    minutes: int | None = None
    percent: int | None = None
    degrees: int | None = None

    def answer(self) -> str:
        """Compact JSON, absent keys left out."""
        present = {key: getattr(self, key) for key in KEYS if getattr(self, key) is not None}
        return json.dumps(present, separators=(",", ":"))


@dataclass
class Line:
    """A finished phrasing before noise is added."""

    text: str
    command: Command
    question: bool = False
    # Some telegrams ("garage door open?") are questions only because of the mark.
    keep_mark: bool = False
