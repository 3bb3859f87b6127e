/* epoll. */
#pragma once

#define EPOLL_CLOEXEC 02000000
#define EPOLL_CTL_ADD 1
#define EPOLL_CTL_DEL 2
#define EPOLL_CTL_MOD 3
#define EPOLLIN 0x1U
#define EPOLLPRI 0x2U
#define EPOLLOUT 0x4U
#define EPOLLERR 0x8U
#define EPOLLHUP 0x10U
#define EPOLLNVAL 0x20U
#define EPOLLRDNORM 0x40U
#define EPOLLRDBAND 0x80U
#define EPOLLWRNORM 0x100U
#define EPOLLWRBAND 0x200U
#define EPOLLMSG 0x400U
#define EPOLLRDHUP 0x2000U
#define EPOLLEXCLUSIVE (1U << 28)
#define EPOLLWAKEUP (1U << 29)
#define EPOLLONESHOT (1U << 30)
#define EPOLLET (1U << 31)

/* Packed on x86-64, so that 32-bit programs see the same. */
struct abi_epoll_event {
	unsigned int events;
	unsigned long data;
} __attribute__((packed));
_Static_assert(sizeof(struct abi_epoll_event) == 12, "abi_epoll_event");
