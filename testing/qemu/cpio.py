"""cpio.py - write and extend initramfs archives (cpio "newc"), gzipped or plain, the same bytes each time."""
import gzip
import zlib

TRAILER = "TRAILER!!!"
REGULAR, DIRECTORY, SYMLINK, CHARACTER = 0o100000, 0o040000, 0o120000, 0o020000


def _entry(inode, name, mode, data, rdev=(0, 0)):
    nlink = 2 if mode & 0o170000 == DIRECTORY else 1
    raw = name.encode() + b"\0"
    fields = (inode, mode, 0, 0, nlink, 0, len(data), 0, 0, *rdev, len(raw), 0)
    head = b"070701" + b"".join(b"%08X" % value for value in fields) + raw
    return head + bytes(-len(head) % 4) + data + bytes(-len(data) % 4)


class Archive:
    """An archive in the making; add_* in any order, parents first, then pack()."""

    def __init__(self, base=b""):
        """base: bytes of another archive, plain or gzip, whose entries come first."""
        if base[:2] == b"\x1f\x8b":
            base = gzip.decompress(base)
        self.parts = [base[:_trailer_offset(base)]] if base else []
        self.inode = 700000
        self.folders = set()

    def _add(self, name, mode, data=b"", rdev=(0, 0)):
        self.inode += 1
        self.parts.append(_entry(self.inode, name, mode, data, rdev))

    def add_folder(self, name, mode=0o755):
        parent, _, _ = name.rpartition("/")
        if parent:
            self.add_folder(parent)
        if name not in self.folders:
            self.folders.add(name)
            self._add(name, DIRECTORY | mode)

    def add_file(self, name, data, mode=0o644):
        parent, _, _ = name.rpartition("/")
        if parent:
            self.add_folder(parent)
        self._add(name, REGULAR | mode, data.encode() if isinstance(data, str) else data)

    def add_link(self, name, target):
        self._add(name, SYMLINK | 0o777, target.encode())

    def add_device(self, name, major, minor, mode=0o600):
        self._add(name, CHARACTER | mode, rdev=(major, minor))

    def pack(self, level=1):
        """The archive's bytes; gzip at the level, or plain with level 0."""
        data = b"".join(self.parts) + _entry(0, TRAILER, 0, b"")
        data += bytes(-len(data) % 512)
        if not level:
            return data
        deflate = zlib.compressobj(level, zlib.DEFLATED, 31)    # 31: gzip header, no time in it
        return deflate.compress(data) + deflate.flush()


def _trailer_offset(data):
    """Where the trailer's entry starts."""
    at = 0
    while at < len(data):
        if data[at:at + 6] not in (b"070701", b"070702"):
            raise ValueError(f"no cpio header at offset {at}")
        size = int(data[at + 54:at + 62], 16)
        length = int(data[at + 94:at + 102], 16)
        name = data[at + 110:at + 110 + length - 1]
        if name == TRAILER.encode():
            return at
        at += -(-(110 + length) // 4) * 4
        at += -(-size // 4) * 4
    raise ValueError("archive has no trailer")
