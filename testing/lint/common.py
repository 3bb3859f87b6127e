"""What the lints share: the list of source files, and how a finding is reported."""
import subprocess
import sys
from pathlib import Path

ROOT = Path(__file__).resolve().parents[2]


def sources(root, suffixes, folders=("profiles", "libs", "platform", "kernel", "testing", "contracts")):
    """Source files below the folders, sorted, without what is built."""
    found = []
    for folder in folders:
        found += [path for path in (root / folder).rglob("*") if path.suffix in suffixes and path.is_file()]
    return sorted(found)


def finish(name, findings):
    """Prints the findings, each "file:line: text", and ends with a status that says whether there were any."""
    for finding in findings:
        print(finding)
    print(f"lint {name}: " + (f"{len(findings)} findings" if findings else "clean"), file=sys.stderr)
    sys.exit(1 if findings else 0)


def run(*command, cwd=ROOT):
    """A command's result, with its output as text; the caller looks at the return code."""
    return subprocess.run(command, cwd=cwd, capture_output=True, text=True, check=False)
