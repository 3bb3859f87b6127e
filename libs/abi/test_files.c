/* Structures of files, descriptors, terminals and sockets against the system's own. */
#define _GNU_SOURCE
#include <dirent.h>
#include <fcntl.h>
#include <linux/openat2.h>
#include <linux/stat.h>
#include <poll.h>
#include <sys/epoll.h>
#include <sys/inotify.h>
#include <sys/ioctl.h>
#include <sys/signalfd.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/statfs.h>
#include <sys/un.h>
#include <netinet/in.h>
#include <linux/netlink.h>

#include <abi_same.h>

#include <abi/dirent.h>
#include <abi/epoll.h>
#include <abi/fcntl.h>
#include <abi/inotify.h>
#include <abi/poll.h>
#include <abi/signal.h>
#include <abi/socket.h>
#include <abi/stat.h>
#include <abi/statfs.h>
#include <abi/termios.h>
#include <abi/uio.h>

TEST(stat)
{
	SAME_SIZE(abi_stat, struct stat);
	SAME(abi_stat, struct stat, st_dev);
	SAME(abi_stat, struct stat, st_ino);
	SAME(abi_stat, struct stat, st_nlink);
	SAME(abi_stat, struct stat, st_mode);
	SAME(abi_stat, struct stat, st_uid);
	SAME(abi_stat, struct stat, st_gid);
	SAME(abi_stat, struct stat, st_rdev);
	SAME(abi_stat, struct stat, st_size);
	SAME(abi_stat, struct stat, st_blksize);
	SAME(abi_stat, struct stat, st_blocks);
	SAME(abi_stat, struct stat, st_atim);
	SAME(abi_stat, struct stat, st_mtim);
	SAME(abi_stat, struct stat, st_ctim);
}

TEST(statx)
{
	SAME_SIZE(abi_statx, struct statx);
	SAME(abi_statx, struct statx, stx_mask);
	SAME(abi_statx, struct statx, stx_blksize);
	SAME(abi_statx, struct statx, stx_attributes);
	SAME(abi_statx, struct statx, stx_nlink);
	SAME(abi_statx, struct statx, stx_uid);
	SAME(abi_statx, struct statx, stx_gid);
	SAME(abi_statx, struct statx, stx_mode);
	SAME(abi_statx, struct statx, stx_ino);
	SAME(abi_statx, struct statx, stx_size);
	SAME(abi_statx, struct statx, stx_blocks);
	SAME(abi_statx, struct statx, stx_attributes_mask);
	SAME(abi_statx, struct statx, stx_atime);
	SAME(abi_statx, struct statx, stx_btime);
	SAME(abi_statx, struct statx, stx_ctime);
	SAME(abi_statx, struct statx, stx_mtime);
	SAME(abi_statx, struct statx, stx_rdev_major);
	SAME(abi_statx, struct statx, stx_dev_minor);
	SAME(abi_statx, struct statx, stx_mnt_id);
	SAME(abi_statx, struct statx, stx_dio_mem_align);
	SAME_SIZE(abi_statx_timestamp, struct statx_timestamp);
	SAME(abi_statx_timestamp, struct statx_timestamp, tv_nsec);
}

TEST(statfs)
{
	SAME_SIZE(abi_statfs, struct statfs);
	SAME(abi_statfs, struct statfs, f_type);
	SAME(abi_statfs, struct statfs, f_bsize);
	SAME(abi_statfs, struct statfs, f_blocks);
	SAME(abi_statfs, struct statfs, f_bfree);
	SAME(abi_statfs, struct statfs, f_bavail);
	SAME(abi_statfs, struct statfs, f_files);
	SAME(abi_statfs, struct statfs, f_ffree);
	SAME(abi_statfs, struct statfs, f_fsid);
	SAME(abi_statfs, struct statfs, f_namelen);
	SAME(abi_statfs, struct statfs, f_frsize);
	SAME(abi_statfs, struct statfs, f_flags);
}

TEST(fcntl)
{
	SAME_SIZE(abi_flock, struct flock);
	SAME(abi_flock, struct flock, l_type);
	SAME(abi_flock, struct flock, l_whence);
	SAME(abi_flock, struct flock, l_start);
	SAME(abi_flock, struct flock, l_len);
	SAME(abi_flock, struct flock, l_pid);
	SAME_SIZE(abi_f_owner_ex, struct f_owner_ex);
	SAME(abi_f_owner_ex, struct f_owner_ex, pid);
	SAME_SIZE(abi_open_how, struct open_how);
	SAME(abi_open_how, struct open_how, mode);
	SAME(abi_open_how, struct open_how, resolve);
}

TEST(directory_entries)
{
	SAME(abi_linux_dirent64, struct dirent64, d_ino);
	SAME(abi_linux_dirent64, struct dirent64, d_off);
	SAME(abi_linux_dirent64, struct dirent64, d_reclen);
	SAME(abi_linux_dirent64, struct dirent64, d_type);
	EXPECT_EQ(offsetof(struct abi_linux_dirent64, d_name), offsetof(struct dirent64, d_name));
}

TEST(poll_and_epoll)
{
	SAME_SIZE(abi_pollfd, struct pollfd);
	SAME(abi_pollfd, struct pollfd, fd);
	SAME(abi_pollfd, struct pollfd, events);
	SAME(abi_pollfd, struct pollfd, revents);
	SAME_SIZE(abi_epoll_event, struct epoll_event);
	SAME(abi_epoll_event, struct epoll_event, events);
	SAME(abi_epoll_event, struct epoll_event, data);
}

TEST(inotify_and_signalfd)
{
	SAME_SIZE(abi_inotify_event, struct inotify_event);
	SAME(abi_inotify_event, struct inotify_event, wd);
	SAME(abi_inotify_event, struct inotify_event, mask);
	SAME(abi_inotify_event, struct inotify_event, cookie);
	SAME(abi_inotify_event, struct inotify_event, len);
	SAME_SIZE(abi_signalfd_siginfo, struct signalfd_siginfo);
	SAME(abi_signalfd_siginfo, struct signalfd_siginfo, ssi_code);
	SAME(abi_signalfd_siginfo, struct signalfd_siginfo, ssi_status);
	SAME(abi_signalfd_siginfo, struct signalfd_siginfo, ssi_ptr);
	SAME(abi_signalfd_siginfo, struct signalfd_siginfo, ssi_addr);
	SAME(abi_signalfd_siginfo, struct signalfd_siginfo, ssi_addr_lsb);
	SAME(abi_signalfd_siginfo, struct signalfd_siginfo, ssi_arch);
}

TEST(vectors_and_window)
{
	SAME_SIZE(abi_iovec, struct iovec);
	SAME(abi_iovec, struct iovec, iov_base);
	SAME(abi_iovec, struct iovec, iov_len);
	SAME_SIZE(abi_winsize, struct winsize);
	SAME(abi_winsize, struct winsize, ws_col);
	SAME(abi_winsize, struct winsize, ws_ypixel);
}

TEST(socket_addresses)
{
	SAME_SIZE(abi_sockaddr, struct sockaddr);
	SAME(abi_sockaddr, struct sockaddr, sa_data);
	SAME_SIZE(abi_sockaddr_un, struct sockaddr_un);
	SAME(abi_sockaddr_un, struct sockaddr_un, sun_path);
	SAME_SIZE(abi_sockaddr_in, struct sockaddr_in);
	SAME(abi_sockaddr_in, struct sockaddr_in, sin_port);
	SAME(abi_sockaddr_in, struct sockaddr_in, sin_addr);
	SAME_SIZE(abi_sockaddr_in6, struct sockaddr_in6);
	SAME(abi_sockaddr_in6, struct sockaddr_in6, sin6_addr);
	SAME(abi_sockaddr_in6, struct sockaddr_in6, sin6_scope_id);
	SAME_SIZE(abi_sockaddr_nl, struct sockaddr_nl);
	SAME(abi_sockaddr_nl, struct sockaddr_nl, nl_groups);
	SAME_SIZE(abi_sockaddr_storage, struct sockaddr_storage);
	EXPECT_EQ(_Alignof(struct abi_sockaddr_storage), _Alignof(struct sockaddr_storage));
}

TEST(socket_messages)
{
	SAME_SIZE(abi_msghdr, struct msghdr);
	SAME(abi_msghdr, struct msghdr, msg_name);
	SAME(abi_msghdr, struct msghdr, msg_namelen);
	SAME(abi_msghdr, struct msghdr, msg_iov);
	SAME(abi_msghdr, struct msghdr, msg_iovlen);
	SAME(abi_msghdr, struct msghdr, msg_control);
	SAME(abi_msghdr, struct msghdr, msg_controllen);
	SAME(abi_msghdr, struct msghdr, msg_flags);
	SAME_SIZE(abi_mmsghdr, struct mmsghdr);
	SAME(abi_mmsghdr, struct mmsghdr, msg_len);
	SAME_SIZE(abi_cmsghdr, struct cmsghdr);
	SAME(abi_cmsghdr, struct cmsghdr, cmsg_level);
	SAME(abi_cmsghdr, struct cmsghdr, cmsg_type);
	for (size_t len = 0; len < 40; len++)
		EXPECT_EQ(ABI_CMSG_ALIGN(len), CMSG_ALIGN(len));
	SAME_SIZE(abi_ucred, struct ucred);
	SAME(abi_ucred, struct ucred, gid);
	SAME_SIZE(abi_linger, struct linger);
	SAME(abi_linger, struct linger, l_linger);
}
