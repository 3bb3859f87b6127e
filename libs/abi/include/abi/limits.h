/* Limits of names, arguments and atomic pipe writes. */
#pragma once

#define NGROUPS_MAX 65536
#define ARG_MAX 131072
#define LINK_MAX 127
#define MAX_CANON 255
#define MAX_INPUT 255
#define NAME_MAX 255
#define PATH_MAX 4096
#define PIPE_BUF 4096
#define XATTR_NAME_MAX 255
#define XATTR_SIZE_MAX 65536
#define XATTR_LIST_MAX 65536
#define MAX_ARG_STRLEN 131072
#define MAX_ARG_STRINGS 0x7fffffff
#define BINPRM_BUF_SIZE 256
/* A task's comm, its NUL included. */
#define TASK_COMM_LEN 16
