/* The kernel's name. Nothing here depends on when or where it was built: the same source gives the same kernel. */
#include <kernel/init.h>
#include <profile/build.h>

/* Programs and libc compare this with Linux's versions: the first part is the Linux whose ABI we follow. */
#define LINUX_ABI_VERSION "6.1.0"

const char kernel_release[] = LINUX_ABI_VERSION "-aramid-" BUILD_PROFILE;
const char kernel_version[] = "#1 SMP PREEMPT Aramid " BUILD_VERSION " " BUILD_PROFILE;
const char kernel_banner[] = "Aramid version " BUILD_VERSION "-aramid-" BUILD_PROFILE
			     " (gcc " __VERSION__ ") #1 SMP PREEMPT " BUILD_PROFILE;
