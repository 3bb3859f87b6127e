/* Forgets the expansion of the system-call list, so that it can be included again with another one. */
#undef SYSCALL0
#undef SYSCALL1
#undef SYSCALL2
#undef SYSCALL3
#undef SYSCALL4
#undef SYSCALL5
#undef SYSCALL6
#undef SYSCALLF0
#undef SYSCALLF1
#undef SYSCALLF2
#undef SYSCALLF3
#undef SYSCALLF5
