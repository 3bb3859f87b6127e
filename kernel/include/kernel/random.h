/* Random bytes: ChaCha20 keyed from what the CPU offers and from interrupt timing; the key is replaced after each use. */
#pragma once

#include <lib/compiler.h>

void random_init(void);
void random_bytes(void *buffer, size_t size); /* any context */
u64 random_u64(void);
void random_add_event(u64 value); /* interrupt timing; cheap, any context */
bool random_ready(void);
struct wait_queue;
extern struct wait_queue random_wait; /* woken when random_ready becomes true */
