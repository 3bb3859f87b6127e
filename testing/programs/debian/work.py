#!/usr/bin/python3
"""Files, subprocesses, threads, sockets and signals with Debian's Python; the output must be the same on every kernel."""
import asyncio, collections, concurrent.futures, ctypes, fcntl, hashlib, json, mmap, multiprocessing, os, pathlib, select, shutil
import signal, socket, struct, subprocess, sys, tempfile, threading, time, zlib

print(sys.version_info[:2], sys.platform, os.getpid() > 1, len(os.listdir("/proc/self/fd")))
D = pathlib.Path(os.environ["D"])
# Files.
words = (D / "text").read_text().split()
print(collections.Counter(words).most_common(3), len(set(words)))
pathlib.Path("out.json").write_text(json.dumps({"words": len(words), "sum": sum(map(int, open(D / "numbers")))}))
with open("data", "w+b") as file:
    file.truncate(1 << 20)
    with mmap.mmap(file.fileno(), 0) as memory:
        memory[4096:4106] = b"0123456789"
        memory.flush()
        print(memory.find(b"567"), os.pread(file.fileno(), 4, 4098), zlib.crc32(memory))
    fcntl.lockf(file, fcntl.LOCK_EX)
    print(os.fstat(file.fileno()).st_size, os.lseek(file.fileno(), -10, os.SEEK_END))
with tempfile.TemporaryDirectory(dir=".") as folder:
    shutil.copytree(D / "tree", f"{folder}/tree", symlinks=True)
    print(sorted(p.relative_to(folder).as_posix() for p in pathlib.Path(folder).rglob("*")))
print(sorted(os.listdir(".")), hashlib.sha256((D / "binary").read_bytes()).hexdigest()[:16])
# Processes.
print(subprocess.run(["sort", "-n"], input="3\n1\n2\n", capture_output=True, text=True, check=True).stdout.split())
print(subprocess.run("echo out; echo err >&2; exit 3", shell=True, capture_output=True))
with subprocess.Popen(["cat"], stdin=subprocess.PIPE, stdout=subprocess.PIPE) as cat:
    print(len(cat.communicate(bytes(300000))[0]), cat.returncode)
print(subprocess.run(["sleep", "9"], timeout=None if False else 5, preexec_fn=lambda: signal.alarm(1)).returncode)
if (pid := os.fork()) == 0:
    os._exit(42)
print(os.waitstatus_to_exitcode(os.waitpid(pid, 0)[1]))
with multiprocessing.Pool(3) as pool:
    print(sum(pool.map(hash, range(1000))), pool.apply(os.path.basename, ("/a/b",)))
# Threads.
total, lock = 0, threading.Lock()
def add():
    global total
    for _ in range(5000):
        with lock:
            total += 1
threads = [threading.Thread(target=add) for _ in range(8)]
[t.start() for t in threads], [t.join() for t in threads]
with concurrent.futures.ThreadPoolExecutor(4) as pool:
    print(total, list(pool.map(lambda n: n * n, range(8))), threading.active_count() >= 1)
event = threading.Event()
threading.Timer(0.05, event.set).start()
print(event.wait(5), event.is_set(), threading.Semaphore(2).acquire(timeout=1))
# Sockets.
left, right = socket.socketpair()
left.sendall(struct.pack("<IH", 7, 8)), left.shutdown(socket.SHUT_WR)
print(struct.unpack("<IH", right.recv(100)), right.recv(1), select.select([right], [], [], 0)[0] == [right])
async def serve(reader, writer):
    writer.write((await reader.readline()).upper()), await writer.drain(), writer.close()
async def talk():
    async with await asyncio.start_unix_server(serve, "socket"):
        for text in (b"first\n", b"second\n"):
            reader, writer = await asyncio.open_unix_connection("socket")
            writer.write(text)
            print(await reader.read())
            writer.close()
    child = await asyncio.create_subprocess_exec("wc", "-c", stdin=-1, stdout=-1)
    print(await child.communicate(b"x" * 1000), await asyncio.gather(asyncio.sleep(0.05, "a"), asyncio.sleep(0.01, "b")))
asyncio.run(talk())
os.unlink("socket")
# Signals and time.
caught = []
signal.signal(signal.SIGALRM, lambda number, frame: caught.append(signal.Signals(number).name))
signal.setitimer(signal.ITIMER_REAL, 0.02, 0.02)
begin = time.monotonic()
while len(caught) < 3:
    signal.pause()
signal.setitimer(signal.ITIMER_REAL, 0)
print(caught, 0.04 < time.monotonic() - begin < 5, signal.sigtimedwait([signal.SIGUSR2], 0.01))
print(ctypes.CDLL(None).strlen(b"by libffi"), time.strftime("%F", time.gmtime(0)), os.sysconf("SC_PAGE_SIZE"))
try:
    os.kill(os.getpid(), signal.SIGINT)
    time.sleep(5)
except KeyboardInterrupt:
    print("interrupted")
