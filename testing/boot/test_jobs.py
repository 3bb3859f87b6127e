"""Job control at the console, as a person uses it: stop, resume, interrupt, paste."""
import base64
import hashlib
import random
import re

import pytest

INTERRUPT, END_OF_FILE, SUSPEND, QUIT, ESCAPE = "\x03", "\x04", "\x1a", "\x1c", "\x1b"


@pytest.fixture
def shell(target, booting):
    with booting(target, 240) as machine:
        machine.prompt(60)
        yield machine
        assert machine.power_off() == 0


def drawn(text):
    """A pattern for a text on vi's screen: vi draws what has arrived so far, and moves its cursor in between."""
    return r"(?s)" + r"(?:\x1b\[[\d;]*\w)*".join(map(re.escape, text))


def test_vi_stopped_and_resumed(shell):
    shell.line("vi /tmp/letter")
    shell.expect(r"- /tmp/letter 1/1")
    shell.settle()
    shell.send("iDear reader")
    shell.expect(drawn("Dear reader"))
    shell.send(ESCAPE)
    shell.settle()
    shell.send(SUSPEND)
    shell.expect(r"Stopped", 20)
    shell.prompt()
    assert re.search(r"Stopped.*vi /tmp/letter", shell.check("jobs"))
    assert re.search(r"^T.* vi /tmp/letter", shell.check("ps -o stat,args"), re.M)
    shell.line("fg")
    shell.expect(drawn("Dear reader"), 20)
    shell.settle()
    shell.send("A, farewell" + ESCAPE)
    shell.expect(drawn("farewell"))
    shell.settle()
    shell.line(":wq")
    shell.prompt(20)
    assert shell.check("cat /tmp/letter") == "Dear reader, farewell\n"
    assert shell.check("jobs") == ""


def test_pipeline_interrupted(shell):
    for pipeline in ("yes | cat > /dev/null", "sleep 1000 | cat", "while :; do :; done"):
        shell.line(pipeline)
        shell.expect(re.escape(pipeline))
        shell.settle()
        shell.send(INTERRUPT)
        shell.prompt(20)
        assert shell.run("true") == ""
    assert not re.search(r"\b(yes|sleep 1000)\b", shell.check("ps"))


def test_jobs(shell):
    shell.line("sleep 1000")
    shell.expect("sleep 1000")
    shell.settle()
    shell.send(SUSPEND)
    shell.expect("Stopped", 20)
    shell.prompt()
    shell.check("bg")
    assert "Running" in shell.check("jobs")
    shell.check("kill %1")
    shell.run("wait")
    assert "sleep 1000" not in shell.check("ps")
    # Linux never stops a background reader of /dev/console, which is what the shell itself has.
    shell.line("cat < /dev/tty &")
    shell.prompt()
    shell.settle()
    assert "Stopped (tty input)" in shell.run("jobs")
    shell.line("fg")
    shell.expect("cat")
    shell.settle()
    shell.line("echoed by cat")
    shell.expect(r"echoed by cat\r\n.*echoed by cat", 20)
    shell.send(END_OF_FILE)
    shell.prompt()
    shell.line("sleep 500")
    shell.settle()
    shell.send(QUIT)
    shell.prompt(20)
    shell.line("sleep 400")
    shell.settle()
    shell.send(INTERRUPT)
    shell.prompt(20)
    assert shell.run("(exit 3)") == "" and shell.status == 3


def test_top(shell):
    shell.line("top -d 1")
    for _ in range(3):
        shell.expect(r"Mem: +\d+K used, +\d+K free", 20)
        shell.expect(r"PID +PPID +USER", 20)
    shell.send("q")
    shell.prompt(20)


def test_line_editing(shell):
    shell.line("cat > /tmp/edited")
    shell.settle()
    shell.send("wrong\x15" + "riggt\x7f\x7fht" + " word oops\x7f\x7f\x7f\x7fend\r" + END_OF_FILE)
    shell.prompt(20)
    assert shell.check("cat /tmp/edited") == "right word end\n"
    shell.line("cat > /tmp/half")
    shell.settle()
    shell.send("no newline" + END_OF_FILE + END_OF_FILE)
    shell.prompt(20)
    assert shell.check("cat /tmp/half; echo") == "no newline\n"


def test_paste(shell):
    """64 KiB pasted at once arrive whole, in canonical mode with echo."""
    noise = random.Random(1).randbytes(48 * 1024)
    lines = base64.encodebytes(noise).decode().replace("\n", "\r")
    assert len(lines) > 64 * 1024
    shell.line("cat > /tmp/pasted")
    shell.settle()
    shell.send(lines + END_OF_FILE)
    shell.prompt(120)
    wanted = hashlib.md5(lines.replace("\r", "\n").encode()).hexdigest()
    assert shell.check("wc -c < /tmp/pasted").strip() == str(len(lines))
    assert shell.check("md5sum < /tmp/pasted").split()[0] == wanted
