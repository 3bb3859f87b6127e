"""aramid.py - gdb commands for a running Aramid: `make run GDB=1`, then `make gdb` in another terminal.

The machine stands still before its first instruction: `break kernel_main` and `continue` come first. With ACCEL=kvm it must
be `hbreak`, as there is no page table yet for an ordinary breakpoint. Later Ctrl-C stops it anywhere.

aramid-cpus       what each CPU runs
aramid-tasks      all tasks, by number: parent, state, name
aramid-stack TID  backtrace of a task that is not running
aramid-log [N]    the last N (default 40) kernel messages
"""
import gdb

STATES = {0: "runnable", 1: "interruptible", 2: "uninterruptible", 4: "killable", 8: "stopped", 16: "traced",
          32: "zombie", 64: "dead"}


def value(expression):
    return gdb.parse_and_eval(expression)


def member_offset(struct, member):
    return int(value(f"(unsigned long)&((struct {struct} *)0)->{member}"))


def container(address, struct, member):
    pointer = gdb.lookup_type(f"struct {struct}").pointer()
    return gdb.Value(int(address) - member_offset(struct, member)).cast(pointer)


def list_entries(head, struct, member):
    """The elements of a kernel list (lib/list.h)."""
    end = int(head.address)
    node = head["next"]
    while int(node) != end:
        yield container(node, struct, member)
        node = node["next"]


def per_cpu(name, cpu):
    variable = value(name)
    address = (int(variable.address) + int(value(f"percpu_offsets[{cpu}]"))) % 2**64     # the offset may be negative
    return gdb.Value(address).cast(variable.type.pointer()).dereference()


def cpus():
    """QEMU shows each CPU as a thread."""
    return range(len(gdb.selected_inferior().threads()))


def threads(leader):
    yield from list_entries(leader["process"]["threads"], "task", "thread_link")


def tasks(parent=None):
    """Every task, parents before children."""
    parent = value("init_task").address if parent is None else parent
    for leader in list_entries(parent["children"], "task", "sibling"):
        for thread in threads(leader):
            yield thread
            yield from tasks(thread)
        if leader["exit_state"] and leader not in list(threads(leader)):
            yield leader


def state_name(task):
    if task["exit_state"]:
        return "zombie"
    return STATES.get(int(task["state"]), hex(int(task["state"])))


class Cpus(gdb.Command):
    """What each CPU runs: aramid-cpus"""

    def __init__(self):
        super().__init__("aramid-cpus", gdb.COMMAND_USER)

    def invoke(self, _argument, _from_tty):
        for cpu in cpus():
            try:
                task = per_cpu("current_task", cpu)
                print(f"CPU {cpu}: task {int(task['tid'])} ({task['comm'].string()})")
            except gdb.MemoryError:
                print(f"CPU {cpu}: not yet: it runs no task so early in the boot")


class Tasks(gdb.Command):
    """All tasks, by number: aramid-tasks"""

    def __init__(self):
        super().__init__("aramid-tasks", gdb.COMMAND_USER)

    def invoke(self, _argument, _from_tty):
        print("   TID PARENT STATE            NAME")
        for task in sorted(tasks(), key=lambda task: int(task["tid"])):
            print(f"{int(task['tid']):6} {int(task['parent']['tid']):6} {state_name(task):16} {task['comm'].string()}")


class Stack(gdb.Command):
    """Backtrace of a task that is not running: aramid-stack TID, a number that aramid-tasks shows"""

    def __init__(self):
        super().__init__("aramid-stack", gdb.COMMAND_USER)

    def invoke(self, argument, _from_tty):
        if not argument.isdecimal():
            raise gdb.GdbError("which task? aramid-stack TID; aramid-tasks lists them")
        for task in tasks():
            if int(task["tid"]) == int(argument):
                return self.show(task)
        raise gdb.GdbError(f"no task {argument}")

    @staticmethod
    def show(task):
        """The saved frame (platform/context.h) ends in rbp and the return address."""
        frame = gdb.Value(int(task["head"]["kernel_sp"])).cast(gdb.lookup_type("struct context_frame").pointer())
        address, rbp = int(frame["rip"]), int(frame["rbp"])
        low = int(task["head"]["kernel_sp"])
        high = int(task["head"]["kernel_stack_top"])
        word = gdb.lookup_type("unsigned long").pointer()
        for _ in range(32):
            print(f"  {gdb.Value(address).cast(gdb.lookup_type('void').pointer())}")
            if not low <= rbp < high - 16:
                return
            saved = gdb.Value(rbp).cast(word)
            rbp, address = int(saved[0]), int(saved[1])


class Log(gdb.Command):
    """The last kernel messages: aramid-log [N], 40 if not said"""

    def __init__(self):
        super().__init__("aramid-log", gdb.COMMAND_USER)

    def invoke(self, argument, _from_tty):
        count = int(argument) if argument else 40
        end, records = int(value("log_next")), value("log_records")
        size = records.type.range()[1] + 1
        text = value("log_text")
        text_size = text.type.range()[1] + 1
        data = bytes(gdb.selected_inferior().read_memory(int(text.address), text_size))
        for sequence in range(max(0, end - min(count, size)), end):
            record = records[sequence % size]
            at = int(record["text"])
            line = bytes(data[(at + i) % text_size] for i in range(int(record["length"])))
            print(f"[{int(record['time_ns']) / 1e9:12.6f}] {line.decode(errors='replace')}")


for command in (Cpus, Tasks, Stack, Log):
    command()
