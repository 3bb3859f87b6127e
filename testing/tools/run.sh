#!/bin/bash
# Runs a kernel in QEMU with its console on this terminal: what `make run` calls. All by variables of the environment:
#   OUT      folder of the build, with aramid.elf (or KERNEL: another kernel, such as a bzImage)
#   BOOT     pvh: QEMU loads the kernel itself (default); grub: from OUT/aramid.iso; UEFI=1: with UEFI firmware
#   ROOTFS   initramfs, any cpio, plain or gzip        APPEND   words for the kernel's command line
#   SMP MEM MACHINE CPU    default 1, 512M, pc, max    ACCEL    tcg (default), kvm, icount
#   GDB      1: wait for gdb on port GDBPORT (1234); see `make gdb`
#   QEMU_ARGS              anything else for QEMU
set -euo pipefail

fail() {
	echo "run: $*" >&2
	exit 2
}

kernel=${KERNEL:-$OUT/aramid.elf}
rootfs=${ROOTFS:-build/initramfs/busybox.cpio.gz}
boot=${BOOT:-pvh}
smp=${SMP:-1}
append="console=ttyS0${APPEND:+ $APPEND}"
[ -f "$kernel" ] || fail "$kernel: no such kernel"
[ -f "$rootfs" ] || fail "ROOTFS=$rootfs: no such file"
command -v qemu-system-x86_64 > /dev/null || fail "QEMU is missing: run 'make setup'"

args=(-M "${MACHINE:-pc}" -m "${MEM:-512M}" -smp "$smp" -no-reboot -nic none)
case ${ACCEL:-tcg} in
tcg) args+=(-accel tcg -cpu "${CPU:-max}") ;;
icount)
	[ "$smp" = 1 ] || fail "ACCEL=icount counts the instructions of one CPU: SMP must be 1"
	args+=(-accel tcg -icount "shift=0,sleep=off" -rtc "base=2020-01-01T00:00:00,clock=vm" -cpu "${CPU:-max}")
	;;
kvm)
	[ -w /dev/kvm ] || fail "ACCEL=kvm: /dev/kvm is not there, or not for this user to write"
	# A software KVM, on a host without either flag, offers an MSR that it then refuses: QEMU would abort.
	grep -qwE 'vmx|svm' /proc/cpuinfo && host=host || host=host,-arch-capabilities
	args+=(-accel kvm -cpu "${CPU:-$host}")
	;;
*) fail "ACCEL=$ACCEL: choose one of tcg kvm icount" ;;
esac

# With -nographic the firmware uses the terminal too, which GRUB's menu wants, and leaves it unable to wrap lines.
case $boot in
pvh) args+=(-display none -serial mon:stdio -kernel "$kernel" -initrd "$rootfs" -append "$append") ;;
grub) args+=(-nographic -boot d -cdrom "$OUT/aramid.iso") ;;
*) fail "BOOT=$boot: choose one of pvh grub" ;;
esac
if [ -n "${UEFI:-}" ]; then
	[ "$boot" = grub ] || fail "UEFI=1 needs BOOT=grub"
	args+=(-drive "if=pflash,format=raw,readonly=on,file=/usr/share/OVMF/OVMF_CODE_4M.fd")
fi
if [ -n "${GDB:-}" ]; then
	args+=(-S -gdb "tcp::${GDBPORT:-1234}")
	echo "run: waiting for gdb: 'make gdb' with the same PROFILE, in another terminal"
fi
# shellcheck disable=SC2086 # a list of words
exec qemu-system-x86_64 "${args[@]}" ${QEMU_ARGS:-}
