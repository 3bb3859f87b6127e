/*
 * User FPU/SIMD state, saved with XSAVE or FXSAVE as CPUID allows. The kernel itself is compiled without vector
 * registers, so the registers hold the running task's state all through a system call; they are saved at a switch and
 * loaded at the next return to user mode (WORK_FPU_LOAD), not before.
 */
#pragma once

#include <lib/compiler.h>

struct fpu_state; /* fpu_state_size() bytes, 64-byte aligned, owned by the task */

size_t fpu_state_size(void); /* from CPUID 0xD; at least 576 */
u64 fpu_features(void); /* XCR0, or 3 with FXSAVE */
void fpu_state_init(struct fpu_state *state); /* what a fresh program sees */
void fpu_save(struct fpu_state *state); /* registers -> memory */
void fpu_load(const struct fpu_state *state); /* memory -> registers; state has been validated */

/*
 * The image on a signal frame is the same bytes in Linux's form (fxsave area, sw_reserved with magic, XSAVE header).
 * fpu_sanitize makes bytes that came from user memory safe to load (XRSTOR and FXRSTOR fault on reserved bits):
 * `size` bytes are valid, the end magic among them; false if they are no image, or one that the CPU would not load. An
 * image is a buffer of fpu_frame_size() bytes and no less than fpu_state_size(), 64-byte aligned; fpu_save writes one,
 * fpu_load reads one.
 */
size_t fpu_frame_size(void);
void fpu_frame_finish(struct fpu_state *image); /* fills in sw_reserved and the end magic */
bool fpu_sanitize(struct fpu_state *image, size_t size);
