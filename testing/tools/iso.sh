#!/bin/bash
# iso.sh OUTPUT KERNEL ROOTFS [APPEND] - an ISO that boots the kernel through GRUB, in BIOS and UEFI, by multiboot2 with
# the initramfs as a module.
set -euo pipefail
output=$1 kernel=$2 rootfs=$3 append=${4:-}

command -v grub-mkrescue > /dev/null || {
	echo "iso: grub-mkrescue is missing: run 'make setup'" >&2
	exit 2
}
tree=$(mktemp -d)
trap 'rm -rf "$tree"' EXIT
mkdir -p "$tree/boot/grub"
cp "$kernel" "$tree/boot/aramid.elf"
cp "$rootfs" "$tree/boot/initramfs.cpio.gz"
cat > "$tree/boot/grub/grub.cfg" <<-EOF
	insmod all_video
	set gfxmode=auto
	set gfxpayload=text
	serial --unit=0 --speed=115200
	terminal_input serial console
	if [ "\$grub_platform" = efi ]; then
	    # The firmware's console shows on the serial line as well: each message once.
	    terminal_output console
	else
	    terminal_output serial console
	fi
	set timeout=0
	menuentry "Aramid" {
	    multiboot2 /boot/aramid.elf console=ttyS0${append:+ $append}
	    module2 /boot/initramfs.cpio.gz initramfs.cpio.gz
	    boot
	}
EOF
grub-mkrescue -o "$output.tmp" "$tree" > "$output.log" 2>&1 || {
	cat "$output.log" >&2
	exit 1
}
mv "$output.tmp" "$output"
