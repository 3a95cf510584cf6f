"""What the doctor finds."""

from dataclasses import dataclass
from typing import Literal

Level = Literal["ok", "warning", "error"]


@dataclass(frozen=True, slots=True)
class Finding:
    """One result of one check. `advice` says what to do; it is empty where all is well."""

    check: str
    level: Level
    text: str
    advice: str = ""

    def __str__(self) -> str:
        advice = f"\n         {self.advice}" if self.advice else ""
        return f"{self.level:7}  {self.check}: {self.text}{advice}"
