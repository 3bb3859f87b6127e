"""data.py - the files that the programs under test work on, the same bytes each time."""
import gzip
import io
import lzma
import random
import zipfile

SYLLABLES = "ba ce di fo gu han ket lim nor pus rin sted tor und ved wor xen yat zing ed ing ly the".split()
HELLO = b"hello, archive\nthe first of two files\nthird line\nand a last one\n"


def text(noise):
    """300 lines of some words."""
    def word():
        return "".join(noise.choice(SYLLABLES) for _ in range(noise.randint(1, 3)))
    return "".join(" ".join(word() for _ in range(noise.randint(3, 9))) + "\n" for _ in range(300))


def ar(members):
    """An archive as ar makes them."""
    parts = [b"!<arch>\n"]
    for name, data in members:
        parts.append(b"%-16s%-12d%-6d%-6d%-8o%-10d`\n" % (name.encode() + b"/", 0, 0, 0, 0o100644, len(data)))
        parts.append(data + b"\n" * (len(data) % 2))
    return b"".join(parts)


def zipped(name, data):
    raw = io.BytesIO()
    with zipfile.ZipFile(raw, "w", zipfile.ZIP_DEFLATED) as archive:
        archive.writestr(zipfile.ZipInfo(name, (2020, 1, 2, 3, 4, 6)), data)
    return raw.getvalue()


def add(archive, where):
    """Put the data into an initramfs below the folder `where`."""
    noise = random.Random(7)
    words = text(noise).encode()
    numbers = noise.sample(range(100000), 1000)
    files = {
        "text": words,
        "text.gz": gzip.compress(words, mtime=0),
        "text.xz": lzma.compress(words, check=lzma.CHECK_CRC32),
        "z.zip": zipped("text", words),
        "numbers": "".join(f"{number}\n" for number in numbers).encode(),
        "binary": noise.randbytes(100000),
        "archive.a": ar([("hello.txt", HELLO), ("odd", b"1\n2")]),
        "tree/one/f": b"in one\n",
        "tree/one/deep/empty": b"",
        "tree/two/needle.txt": b"hay\nneedle\nhay\n",
    }
    for name, data in files.items():
        archive.add_file(f"{where}/{name}", data)
    archive.add_file(f"{where}/tree/one/tool", "#!/bin/sh\necho tool\n", 0o755)
    archive.add_link(f"{where}/tree/two/up", "../one/f")
