"""mechanisms.py - which profile has which mechanism, from the table in profiles/README.md."""
import functools
import re
from pathlib import Path

PROFILES = ("fortress", "balanced", "performance", "ludicrous")
TABLE = Path(__file__).resolve().parents[1] / "profiles" / "README.md"
ROW = re.compile(r"^\| ([A-Z0-9_]+) \|((?: (?:on|-) \|){4})", re.M)


@functools.lru_cache(maxsize=None)
def mechanisms():
    """{symbol: set of the profiles that have it}"""
    return {symbol: {name for name, cell in zip(PROFILES, re.findall(r"on|-", cells)) if cell == "on"}
            for symbol, cells in ROW.findall(TABLE.read_text())}


def has(profile, mechanism):
    """Whether the profile has the mechanism; None is one that all have."""
    return mechanism is None or profile in mechanisms()[mechanism]
