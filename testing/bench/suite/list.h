/*
 * list.h - the table of benchmarks: BENCH(name, group, flags, setup, teardown, operations in a sample,
 * samples of a quick run, samples of a full run, "one operation"). These counts are the same on every
 * kernel; changing one means measuring Linux again.
 */
BENCH(null_syscall, "syscall", 0, NULL, NULL, 100, 21, 201,
      "sched_get_priority_max(SCHED_OTHER): a call that does nothing")
BENCH(getpid, "syscall", 0, NULL, NULL, 100, 21, 201, "raw getpid")
BENCH(getuid, "syscall", 0, NULL, NULL, 100, 21, 201, "raw getuid")
BENCH(gettid, "syscall", 0, NULL, NULL, 100, 21, 201, "raw gettid")
BENCH(getsid, "syscall", 0, NULL, NULL, 100, 21, 201, "getsid(0)")
BENCH(getpriority, "syscall", 0, NULL, NULL, 100, 21, 201, "getpriority(PRIO_PROCESS, 0)")
BENCH(clock_gettime, "syscall", 0, NULL, NULL, 100, 21, 201, "CLOCK_MONOTONIC through the vDSO")
BENCH(uname, "syscall", 0, NULL, NULL, 100, 21, 201, "uname")
BENCH(sched_yield, "syscall", 0, NULL, NULL, 100, 21, 201, "sched_yield, alone on its CPU")
BENCH(getrlimit, "syscall", 0, NULL, NULL, 100, 21, 201, "getrlimit(RLIMIT_NOFILE)")
BENCH(prlimit64, "syscall", 0, NULL, NULL, 100, 21, 201, "prlimit64, get RLIMIT_NOFILE")
BENCH(setrlimit, "syscall", 0, NULL, NULL, 100, 21, 201, "setrlimit, RLIMIT_CORE unchanged")
BENCH(waitid, "syscall", 0, NULL, NULL, 100, 21, 201, "waitid(P_ALL, WNOHANG) without a child")

BENCH(read_null, "file", 0, setup_null, teardown_fd, 100, 21, 201, "read 1 byte from /dev/null")
BENCH(write_null, "file", 0, setup_null, teardown_fd, 100, 21, 201, "write 1 byte to /dev/null")
BENCH(pread, "file", 0, setup_null, teardown_fd, 100, 21, 201, "pread 1 byte at 0 of /dev/null")
BENCH(writev, "file", 0, setup_null, teardown_fd, 100, 21, 201,
      "writev, 1 vector of 1 byte, to /dev/null")
BENCH(read_zero, "file", 0, setup_zero, teardown_fd, 100, 21, 201, "read 4 KiB from /dev/zero")
BENCH(lseek, "file", 0, setup_null, teardown_fd, 100, 21, 201, "lseek(SEEK_CUR, 0) of /dev/null")
BENCH(fstat, "file", 0, setup_null, teardown_fd, 100, 21, 201, "fstat of /dev/null")
BENCH(fcntl_getfl, "file", 0, setup_null, teardown_fd, 100, 21, 201, "fcntl(F_GETFL)")
BENCH(dup_close, "file", 0, setup_null, teardown_fd, 100, 21, 201, "dup and close")
BENCH(stat, "file", 0, NULL, NULL, 100, 21, 201, "stat(\"/tmp\")")
BENCH(statx, "file", 0, NULL, NULL, 100, 21, 201, "statx(\"/tmp\")")
BENCH(access, "file", 0, NULL, NULL, 100, 21, 201, "access(\"/tmp\", F_OK)")
BENCH(readlink, "file", 0, setup_link, teardown_fd, 100, 21, 201, "readlink of a symlink in /tmp")
BENCH(getcwd, "file", 0, setup_root, teardown_root, 100, 21, 201, "getcwd in /")
BENCH(open_close, "file", 0, setup_file, teardown_fd, 100, 21, 201,
      "open a file in /tmp read-only, close")
BENCH(getdents64, "file", 0, setup_file, teardown_fd, 100, 21, 201,
      "open /tmp, getdents64 into 1 KiB, close")
BENCH(fcntl_lock, "file", 0, setup_file, teardown_fd, 100, 21, 201, "F_SETLK write lock, unlock")
BENCH(flock, "file", 0, setup_file, teardown_fd, 100, 21, 201, "flock LOCK_EX, LOCK_UN")
BENCH(file_tree, "file", 0, NULL, NULL, 1, 31, 201,
      "mkdir x2, 10 files of 64 bytes, readdir, remove all")

BENCH(mmap_munmap, "memory", 0, NULL, NULL, 100, 21, 201, "mmap and munmap of 64 KiB, untouched")
BENCH(mprotect, "memory", 0, setup_page, teardown_map, 100, 21, 201,
      "mprotect to R, then RW, of one touched page")
BENCH(brk, "memory", 0, setup_brk, NULL, 100, 21, 201, "raw brk: grow by one page, shrink")
BENCH(munmap_touched, "memory", 0, NULL, NULL, 4096, 5, 31, "munmap of 16 MiB touched, per page")

BENCH(mmap_fault, "fault", 0, NULL, NULL, 4096, 5, 31,
      "store to each page of a fresh 16 MiB mapping, per page")
BENCH(mmap_fault_256m, "fault", COLD, NULL, NULL, 65536, 1, 5, "the same with 256 MiB")
BENCH(mmap_fault_2g, "fault", COLD | BIG, NULL, NULL, 524288, 1, 3, "the same with 2 GiB")
BENCH(mmap_fault_teardown, "fault", 0, NULL, NULL, 4096, 5, 31,
      "16 MiB: mmap, store to each page, munmap, per page")
BENCH(mmap_fault_thp, "fault", 0, NULL, NULL, 8, 5, 31,
      "store to each page of a fresh aligned 16 MiB with MADV_HUGEPAGE, per 2 MiB")
BENCH(fault_single, "fault", 0, setup_window, teardown_map, 100, 21, 201,
      "store to a fresh mapping of one page: no fault-around")
BENCH(fault_random, "fault", 0, setup_random, teardown_map, 4096, 3, 11,
      "store to 4096 random pages of a fresh 256 MiB, per store")
BENCH(fault_zero_single, "fault", 0, setup_window, teardown_map, 100, 21, 201,
      "load from a fresh mapping of one page: no fault-around")
BENCH(fault_zero, "fault", 0, NULL, NULL, 4096, 5, 31,
      "load from each page of a fresh 16 MiB mapping, per page")
BENCH(fault_zero_write, "fault", 0, NULL, NULL, 4096, 5, 31,
      "store to each page of 16 MiB that was only read, per page")
BENCH(cow_fault, "fault", 0, setup_cow, teardown_map, 4096, 5, 31,
      "store to each page of 16 MiB after a fork, per page")

#define MULTI_PAGE(pages)                                                                          \
	BENCH(multi_page_seq_##pages, "multi_page", COLD | BIG | LONG, setup_multi_page,           \
	      teardown_multi_page, 524288, 1, 3,                                                   \
	      "2 GiB, a store to each page in order, pages a fault: " #pages)                      \
	BENCH(multi_page_random_##pages, "multi_page", COLD | BIG | LONG, setup_multi_page,        \
	      teardown_multi_page, 524288, 1, 3,                                                   \
	      "the same in random order, pages a fault: " #pages)
MULTI_PAGE(1)
MULTI_PAGE(2)
MULTI_PAGE(4)
MULTI_PAGE(8)
MULTI_PAGE(16)
MULTI_PAGE(32)
MULTI_PAGE(64)
#undef MULTI_PAGE

BENCH(sigaction, "signal", 0, NULL, NULL, 100, 21, 201, "sigaction: set SIG_IGN")
BENCH(sigprocmask, "signal", 0, NULL, NULL, 100, 21, 201, "sigprocmask: block, unblock")
BENCH(signal_delivery, "signal", 0, setup_signal, teardown_signal, 100, 21, 201,
      "raise to a handler, and return")

BENCH(pipe, "ipc", 0, setup_pipe, teardown_fds, 100, 21, 201,
      "write 4 KiB and read 4 KiB, one process")
BENCH(pipe_pingpong, "ipc", 0, setup_pingpong, teardown_ring, 100, 21, 201,
      "1 byte there and back, two processes")
BENCH(eventfd, "ipc", 0, setup_eventfd, teardown_fds, 100, 21, 201, "write 8 bytes, read 8 bytes")
BENCH(epoll_wait, "ipc", 0, setup_epoll, teardown_fds, 100, 21, 201,
      "epoll_wait, timeout 0, one idle eventfd")
BENCH(poll, "ipc", 0, setup_eventfd, teardown_fds, 100, 21, 201, "poll, 1 descriptor, timeout 0")
BENCH(socketpair, "ipc", 0, NULL, NULL, 50, 21, 201, "AF_UNIX stream pair, and 2 close")
BENCH(setsockopt, "ipc", 0, setup_socket, teardown_fds, 100, 21, 201,
      "SO_REUSEADDR of an AF_UNIX stream socket")
BENCH(getsockopt, "ipc", 0, setup_socket, teardown_fds, 100, 21, 201,
      "SO_REUSEADDR of an AF_UNIX stream socket")
BENCH(ctx_switch_2, "ipc", 0, setup_ring, teardown_ring, 160, 11, 101,
      "a byte to the next of 2 processes in a ring of pipes, per hop")
BENCH(ctx_switch_4, "ipc", 0, setup_ring, teardown_ring, 160, 11, 101, "the same with 4 processes")
BENCH(ctx_switch_8, "ipc", 0, setup_ring, teardown_ring, 160, 11, 101, "the same with 8 processes")
BENCH(ctx_switch_16, "ipc", 0, setup_ring, teardown_ring, 160, 11, 101, "the same with 16 processes")
BENCH(bw_pipe, "bandwidth", 0, setup_bw_pipe, teardown_bandwidth, 64, 5, 31,
      "64 KiB through a pipe to another process")
BENCH(bw_unix, "bandwidth", 0, setup_bw_unix, teardown_bandwidth, 64, 5, 31,
      "64 KiB through an AF_UNIX stream pair to another process")
BENCH(bw_memcpy, "bandwidth", 0, setup_memcpy, teardown_map, 64, 5, 31,
      "memcpy of 64 KiB into a fresh mapping")

BENCH(fork_exit, "process", 0, setup_fork, NULL, 1, 31, 201, "fork, the child exits, wait")
BENCH(fork_256m, "process", COLD, setup_256m, teardown_map, 1, 5, 21,
      "fork with 256 MiB touched, the child exits, wait")
BENCH(fork_256m_first_write, "process", COLD, setup_256m, teardown_map, 128, 3, 11,
      "after that fork, child alive: the first store to each 2 MiB")
BENCH(exec_true, "process", SHARE, NULL, NULL, 1, 21, 101, "fork, exec of BusyBox true, wait")
BENCH(exec_true_posix_spawn, "process", SHARE, NULL, NULL, 1, 21, 101,
      "posix_spawn of BusyBox true, wait")
BENCH(shell_noop, "process", SHARE, NULL, NULL, 1, 21, 101, "fork, sh -c true, wait")

BENCH(pipe_grep, "program", SHARE, setup_text_300, teardown_text, 1, 7, 51,
      "sh -c: grep over 300 lines")
BENCH(sed_pipeline, "program", SHARE, setup_text_200, teardown_text, 1, 7, 51,
      "sh -c: sed over 200 lines")
BENCH(sort_uniq, "program", SHARE, setup_text_500, teardown_text, 1, 7, 51,
      "sh -c: sort, uniq -c, sort -rn in a pipe, 500 lines")
BENCH(tar_extract, "program", SHARE, setup_tar, teardown_tar, 1, 7, 51,
      "sh -c: rm -rf, mkdir, tar xf of 20 files")

BENCH(fault_threads_1, "threads", SMP, NULL, NULL, 4096, 5, 31,
      "1 thread stores to each page of 16 MiB of its own, per page")
BENCH(fault_threads_2, "threads", SMP, NULL, NULL, 8192, 5, 31, "2 threads, 16 MiB each, per page")
BENCH(fault_threads_4, "threads", SMP, NULL, NULL, 16384, 5, 31, "4 threads, 16 MiB each, per page")

BENCH(boot_to_init, "boot", BOOT, NULL, NULL, 1, 1, 1,
      "from reset (by the clock: from the kernel's start) to init")
