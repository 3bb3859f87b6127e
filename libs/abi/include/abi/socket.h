/* Sockets. */
#pragma once

#define AF_UNSPEC 0
#define AF_UNIX 1
#define AF_INET 2
#define AF_INET6 10
#define AF_NETLINK 16
#define AF_PACKET 17
#define AF_VSOCK 40
#define AF_MAX 46

#define SOCK_STREAM 1
#define SOCK_DGRAM 2
#define SOCK_RAW 3
#define SOCK_RDM 4
#define SOCK_SEQPACKET 5
#define SOCK_DCCP 6
#define SOCK_PACKET 10
#define SOCK_CLOEXEC 0x80000
#define SOCK_NONBLOCK 0x800
#define SOCK_TYPE_MASK 0xf
#define SHUT_RD 0
#define SHUT_WR 1
#define SHUT_RDWR 2
#define SOMAXCONN 4096
#define SCM_RIGHTS 1
#define SCM_CREDENTIALS 2

#define SOL_SOCKET 1
#define SOL_IP 0
#define SOL_IPV6 41
#define SOL_TCP 6
#define SOL_RAW 255
#define SOL_PACKET 263
#define SOL_NETLINK 270
#define SOL_UDP 17
#define SO_DEBUG 1
#define SO_REUSEADDR 2
#define SO_TYPE 3
#define SO_ERROR 4
#define SO_DONTROUTE 5
#define SO_BROADCAST 6
#define SO_SNDBUF 7
#define SO_RCVBUF 8
#define SO_KEEPALIVE 9
#define SO_OOBINLINE 10
#define SO_NO_CHECK 11
#define SO_PRIORITY 12
#define SO_LINGER 13
#define SO_BSDCOMPAT 14
#define SO_REUSEPORT 15
#define SO_PASSCRED 16
#define SO_PEERCRED 17
#define SO_RCVLOWAT 18
#define SO_SNDLOWAT 19
#define SO_BINDTODEVICE 25
#define SO_ATTACH_FILTER 26
#define SO_DETACH_FILTER 27
#define SO_PEERNAME 28
#define SO_ACCEPTCONN 30
#define SO_PEERSEC 31
#define SO_SNDBUFFORCE 32
#define SO_RCVBUFFORCE 33
#define SO_PASSSEC 34
#define SO_MARK 36
#define SO_PROTOCOL 38
#define SO_DOMAIN 39
#define SO_RXQ_OVFL 40
#define SO_PEEK_OFF 42
#define SO_NOFCS 43
#define SO_LOCK_FILTER 44
#define SO_BUSY_POLL 46
#define SO_MAX_PACING_RATE 47
#define SO_INCOMING_CPU 49
#define SO_COOKIE 57
#define SO_PEERGROUPS 59
#define SO_ZEROCOPY 60
#define SO_RCVTIMEO 20
#define SO_SNDTIMEO 21
#define SO_TIMESTAMP 29
#define SO_TIMESTAMPNS 35
#define MSG_OOB 1
#define MSG_PEEK 2
#define MSG_DONTROUTE 4
#define MSG_CTRUNC 8
#define MSG_TRUNC 32
#define MSG_DONTWAIT 64
#define MSG_EOR 128
#define MSG_WAITALL 256
#define MSG_FIN 512
#define MSG_SYN 0x400
#define MSG_CONFIRM 0x800
#define MSG_RST 0x1000
#define MSG_ERRQUEUE 0x2000
#define MSG_NOSIGNAL 0x4000
#define MSG_MORE 0x8000
#define MSG_WAITFORONE 0x10000
#define MSG_BATCH 0x40000
#define MSG_ZEROCOPY 0x4000000
#define MSG_FASTOPEN 0x20000000
#define MSG_CMSG_CLOEXEC 0x40000000

#define IPPROTO_IP 0
#define IPPROTO_ICMP 1
#define IPPROTO_TCP 6
#define IPPROTO_UDP 17
#define IPPROTO_IPV6 41
#define IPPROTO_ICMPV6 58
#define IPPROTO_RAW 255

#define FIOSETOWN 0x8901
#define SIOCSPGRP 0x8902
#define FIOGETOWN 0x8903
#define SIOCGPGRP 0x8904
#define SIOCATMARK 0x8905
#define SIOCGIFNAME 0x8910
#define SIOCGIFCONF 0x8912
#define SIOCGIFFLAGS 0x8913
#define SIOCSIFFLAGS 0x8914
#define SIOCGIFADDR 0x8915
#define SIOCSIFADDR 0x8916
#define SIOCGIFBRDADDR 0x8919
#define SIOCSIFBRDADDR 0x891a
#define SIOCGIFNETMASK 0x891b
#define SIOCSIFNETMASK 0x891c
#define SIOCGIFMTU 0x8921
#define SIOCSIFMTU 0x8922
#define SIOCGIFHWADDR 0x8927
#define SIOCGIFINDEX 0x8933
#define SIOCGIFTXQLEN 0x8942
#define SIOCADDRT 0x890b
#define SIOCDELRT 0x890c

#define ABI_UNIX_PATH_MAX 108

struct abi_sockaddr {
	unsigned short sa_family;
	char sa_data[14];
};
_Static_assert(sizeof(struct abi_sockaddr) == 16, "abi_sockaddr");

struct abi_sockaddr_un {
	unsigned short sun_family;
	char sun_path[ABI_UNIX_PATH_MAX];
};
_Static_assert(sizeof(struct abi_sockaddr_un) == 110, "abi_sockaddr_un");

struct abi_sockaddr_in {
	unsigned short sin_family;
	unsigned short sin_port; /* network order, as the address */
	unsigned int sin_addr;
	unsigned char pad[8];
};
_Static_assert(sizeof(struct abi_sockaddr_in) == 16, "abi_sockaddr_in");

struct abi_sockaddr_in6 {
	unsigned short sin6_family;
	unsigned short sin6_port;
	unsigned int sin6_flowinfo;
	unsigned char sin6_addr[16];
	unsigned int sin6_scope_id;
};
_Static_assert(sizeof(struct abi_sockaddr_in6) == 28, "abi_sockaddr_in6");

struct abi_sockaddr_nl {
	unsigned short nl_family;
	unsigned short nl_pad;
	unsigned int nl_pid;
	unsigned int nl_groups;
};
_Static_assert(sizeof(struct abi_sockaddr_nl) == 12, "abi_sockaddr_nl");

struct abi_sockaddr_storage {
	unsigned short ss_family;
	char data[126];
} __attribute__((aligned(8)));
_Static_assert(sizeof(struct abi_sockaddr_storage) == 128, "abi_sockaddr_storage");

/* Pointers are user addresses. */
struct abi_msghdr {
	unsigned long msg_name;
	int msg_namelen;
	unsigned long msg_iov;
	unsigned long msg_iovlen;
	unsigned long msg_control;
	unsigned long msg_controllen;
	unsigned int msg_flags;
};
_Static_assert(sizeof(struct abi_msghdr) == 56, "abi_msghdr");

struct abi_mmsghdr {
	struct abi_msghdr msg_hdr;
	unsigned int msg_len;
};
_Static_assert(sizeof(struct abi_mmsghdr) == 64, "abi_mmsghdr");

struct abi_cmsghdr {
	unsigned long cmsg_len; /* the header included */
	int cmsg_level;
	int cmsg_type;
};
_Static_assert(sizeof(struct abi_cmsghdr) == 16, "abi_cmsghdr");
#define ABI_CMSG_ALIGN(len) (((len) + 7UL) & ~7UL)

struct abi_ucred {
	int pid;
	unsigned int uid;
	unsigned int gid;
};
_Static_assert(sizeof(struct abi_ucred) == 12, "abi_ucred");

struct abi_linger {
	int l_onoff;
	int l_linger;
};
