/*
 * zlib's inflate, as unpacked from Debian's source package, for code without a libc: zalloc and
 * zfree must be set in the z_stream before inflateInit2, nothing else is called. Only inflate is
 * linked, not deflate.
 */
#pragma once

#define Z_SOLO
#include <zlib.h>
