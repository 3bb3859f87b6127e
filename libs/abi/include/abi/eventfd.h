/* eventfd. */
#pragma once

#define EFD_SEMAPHORE 1
#define EFD_CLOEXEC 0x80000
#define EFD_NONBLOCK 0x800
