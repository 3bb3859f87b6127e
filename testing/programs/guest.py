"""guest.py - boots a kernel with programs and data in its initramfs, and takes the framed results from the console."""
import hashlib
import json
import re
import tempfile
from pathlib import Path

from testing.qemu.machine import BUILD, Config, Machine, complaints, kernel_path

FRAME = re.compile(r"@@@ case (\d+)\n(.*?)@@@ end \1\n", re.S)
BOOT_SECONDS = 120
CASE_SECONDS = 300


def run_linux(archive, count):
    """What Linux does with the archive, kept in build/programs for as long as the two stay as they are."""
    version = (BUILD / "linux" / "version").read_bytes()
    folder = BUILD / "programs"
    kept = folder / (hashlib.sha256(archive.pack(0) + version).hexdigest()[:32] + ".json")
    if not kept.exists():
        frames = run("linux", archive, count)
        folder.mkdir(parents=True, exist_ok=True)
        part = kept.with_suffix(".new")
        part.write_text(json.dumps(frames))
        part.replace(kept)
    return {int(number): text for number, text in json.loads(kept.read_text()).items()}


def run(target, archive, count, mem="1G", smp=2):
    """Boot the target with the archive, whose /cases/init prints `count` frames. Returns them: {number: text}."""
    log = BUILD / "log" / f"programs-{target}-{count}.log"
    with tempfile.TemporaryDirectory(prefix="aramid-programs-") as folder:
        initrd = Path(folder) / "initrd.gz"
        initrd.write_bytes(archive.pack(1))
        config = Config(kernel=kernel_path(target), initrd=initrd, mem=mem, smp=smp,
                        append="console=ttyS0 quiet panic=-1 rdinit=/cases/init")
        with Machine(config, 1200, log) as machine:
            machine.expect(r"@@@ case 1\b", BOOT_SECONDS)
            for number in range(1, count + 1):
                machine.expect(rf"@@@ end {number}\r?\n", CASE_SECONDS)
            machine.expect("@@@ done", 10)
            machine.wait(30)
    assert not complaints(machine.output), complaints(machine.output)
    return {int(number): text for number, text in FRAME.findall(machine.output.replace("\r", ""))}
