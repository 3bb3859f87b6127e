/* What this build is: for the banner, uname, /proc/version and /proc/config.gz. */
#pragma once

#include <generated/autoconf.h>
#include <generated/version.h>

#define BUILD_VERSION ARAMID_VERSION
#define BUILD_PROFILE CONFIG_PROFILE_NAME

/* The configuration, compressed by gzip. */
extern const unsigned char config_gz_start[], config_gz_end[];
