/* The kernel's name. Nothing here depends on when or where it was built: the same source gives the same kernel. */
#include <kernel/init.h>
#include <profile/build.h>

const char kernel_release[] = BUILD_VERSION "-aramid-" BUILD_PROFILE;
const char kernel_version[] = "#1 SMP PREEMPT " BUILD_PROFILE;
const char kernel_banner[] = "Aramid version " BUILD_VERSION "-aramid-" BUILD_PROFILE " (gcc " __VERSION__
			     ") #1 SMP PREEMPT " BUILD_PROFILE;
