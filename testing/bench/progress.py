"""progress.py - one line that says what runs, how far it is and how long it will take, from what it took before."""
import json
import shutil
import sys
import time

from testing.bench.suite import OUT

MEMORY = OUT / "seconds.json"
BOOT = "(boot)"
GUESS = {BOOT: 15.0}
GUESS_OTHER = 0.5


class Progress:
    """Tasks are (kernel, benchmark or BOOT) pairs; each is told when it begins and when it ends."""

    def __init__(self, accel, tasks, stream=sys.stderr):
        self.accel, self.stream = accel, stream
        self.live = stream.isatty()
        try:
            self.known = json.loads(MEMORY.read_text())
        except (OSError, ValueError):
            self.known = {}
        self.left = dict.fromkeys(tasks)
        self.all = sum(map(self.guess, self.left)) or 1.0
        self.now, self.since, self.said = None, time.monotonic(), ""

    def key(self, task):
        return f"{self.accel} {task[0]} {task[1]}"

    def guess(self, task):
        return self.known.get(self.key(task), GUESS.get(task[1], GUESS_OTHER))

    def begin(self, task):
        self.end(keep=True)
        self.now, self.since = task, time.monotonic()
        self.show()

    def end(self, keep=False):
        """The running task is over; with keep, remember how long it took."""
        if self.now is None:
            return
        if keep:
            self.known[self.key(self.now)] = round(time.monotonic() - self.since, 2)
        self.left.pop(self.now, None)
        self.now = None

    def show(self):
        kernel, name = self.now
        rest = sum(map(self.guess, self.left))
        done = max(0.0, min(1.0, 1 - rest / self.all))
        if self.live:
            bar = ("#" * round(done * 24)).ljust(24, ".")
            text = f"[{bar}] {rest:4.0f} s left  {kernel}: {name}"
            self.stream.write("\r" + text[:shutil.get_terminal_size().columns - 1] + "\033[K")
        elif kernel != self.said:
            self.stream.write(f"bench: {kernel}, about {rest:.0f} s left in all\n")
            self.said = kernel
        self.stream.flush()

    def say(self, text):
        """A line above the bar."""
        self.stream.write(("\r\033[K" if self.live else "") + text + "\n")
        self.stream.flush()

    def close(self):
        self.end()
        if self.live:
            self.stream.write("\r\033[K")
        MEMORY.parent.mkdir(parents=True, exist_ok=True)
        MEMORY.write_text(json.dumps(self.known, indent=0, sort_keys=True))
