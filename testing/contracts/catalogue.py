"""catalogue.py - contracts/README.md, the list of all promises and who keeps them, and README.md's summary of it.

The promises are the first lines of the contracts, the verdicts those of the last runs: build/contracts/latest.json.
"""
import json
import re

from testing.contracts import run
from testing.qemu.machine import PROFILES

FILE = run.CONTRACTS / "README.md"
WORDS = {"pass": "ok", "divergence": "differs", "fail": "FAILS"}
HEAD = """# Contracts

Each is one promise to programs, kept in one static binary: `<area>/<name>.c` prints on Aramid what it prints on Linux
(`<name>.expect`), on one CPU and on four. ok: it does; differs: not as on Linux, with the reason in `divergences`. The mutants in
a contract's head are lies of the system that it must notice. `make contracts PROFILE=all` runs them, `make readme` writes this list.
"""


def promise(name):
    """What the first line of a contract says: up to its first full stop."""
    text = (run.CONTRACTS / f"{name}.c").read_text().partition("*/")[0]
    words = " ".join(re.sub(r"^/?[ *]*\*", "", line).strip() for line in text.split("\n"))
    return re.sub(r"\s*mutants:.*", "", words.partition(" - ")[2]).partition(". ")[0].strip().rstrip(".").replace("|", "\\|")


def areas():
    """area -> its contracts."""
    found = {}
    for name in run.all_names():
        found.setdefault(name.partition("/")[0], []).append(name)
    return found


def verdicts():
    """{profile: {contract: verdict}}; ends the program if a profile has not run them all."""
    path = run.OUT / "latest.json"
    latest = json.loads(path.read_text()) if path.exists() else {}
    for profile in PROFILES:
        missing = set(run.all_names()) - set(latest.get(profile, {}))
        if missing:
            raise SystemExit(f"catalogue: {profile} has not run {min(missing)}: make contracts PROFILE=all")
    return latest


def pages(latest):
    """The text of contracts/README.md."""
    lines = [HEAD]
    for area, names in areas().items():
        lines += [f"## {area}", "", "| contract | promise | " + " | ".join(PROFILES) + " |", "|---" * 6 + "|"]
        lines += [f"| {name.partition('/')[2]} | {promise(name)} | "
                  + " | ".join(WORDS[latest[profile][name]] for profile in PROFILES) + " |" for name in names]
        lines.append("")
    return "\n".join(lines).rstrip("\n") + "\n"


def summary(latest):
    """README.md's table: how many of each area are kept as on Linux."""
    lines = ["| area | contracts | " + " | ".join(PROFILES) + " |", "|---" * 6 + "|"]
    groups = [*areas().items(), ("together", run.all_names())]
    for area, names in groups:
        kept = [sum(latest[profile][name] == "pass" for name in names) for profile in PROFILES]
        lines.append(f"| {area} | {len(names)} | " + " | ".join(map(str, kept)) + " |")
    return lines


def stale(readme_part):
    """What of the two texts is not so any more, as words; verdicts are taken from the texts themselves."""
    said = FILE.read_text() if FILE.exists() else ""
    rows = {(name, told) for name, told in re.findall(r"^\| (\w+) \| (.*?) \| (?:ok|differs|FAILS) \|", said, re.M)}
    wanted = {(name.partition("/")[2], promise(name)) for name in run.all_names()}
    counts = dict(re.findall(r"^\| (\w+) \| (\d+) \|", readme_part, re.M))
    found = [f"contracts/README.md about {name}" for name, _ in sorted(rows ^ wanted)]
    found += ["FAILS in contracts/README.md"] if "| FAILS |" in said else []
    if counts != {**{area: str(len(names)) for area, names in areas().items()}, "together": str(len(run.all_names()))}:
        found.append("the number of contracts")
    return found
