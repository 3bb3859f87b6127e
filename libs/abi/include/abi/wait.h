/* wait4 and waitid: options, id types and the status word. */
#pragma once

#define WNOHANG 0x1
#define WUNTRACED 0x2
#define WSTOPPED 0x2
#define WEXITED 0x4
#define WCONTINUED 0x8
#define WNOWAIT 0x1000000
#define __WNOTHREAD 0x20000000
#define __WALL 0x40000000
#define __WCLONE 0x80000000
#define P_ALL 0
#define P_PID 1
#define P_PGID 2
#define P_PIDFD 3

/* A status word for wait4. */
#define ABI_WAIT_EXITED(code) ((0xff & (code)) << 8)
#define ABI_WAIT_SIGNALED(sig, core) ((sig) | ((core) ? 0x80 : 0))
#define ABI_WAIT_STOPPED(sig) (((sig) << 8) | 0x7f)
#define ABI_WAIT_CONTINUED 0xffff
