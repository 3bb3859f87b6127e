/* Vectored I/O. */
#pragma once

struct abi_iovec {
	unsigned long iov_base;
	unsigned long iov_len;
};
_Static_assert(sizeof(struct abi_iovec) == 16, "abi_iovec");

#define UIO_FASTIOV 8
#define UIO_MAXIOV 1024

#define RWF_HIPRI 0x1
#define RWF_DSYNC 0x2
#define RWF_SYNC 0x4
#define RWF_NOWAIT 0x8
#define RWF_APPEND 0x10
