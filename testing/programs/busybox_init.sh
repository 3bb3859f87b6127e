#!/bin/busybox sh
# The first program of the BusyBox smoke test: runs /cases/list one by one and prints what each did, between marker lines.
# What it prints must be the same on every kernel: no times, no inode numbers, no sizes of folders.
export PATH=/bin:/sbin:/usr/bin:/usr/sbin HOME=/root D=/cases/data
mount -t proc proc /proc
mount -t sysfs sysfs /sys
mount -t devtmpfs devtmpfs /dev
mount -t tmpfs -o mode=1777 tmpfs /tmp
umask 022

show_tree()
{
	find . | sort | while IFS= read -r path; do
		if [ -d "$path" ] && [ ! -L "$path" ]; then
			stat -c '%n %F %a links %h %u:%g' "$path"
		else
			stat -c '%N %F %a links %h %u:%g size %s device %t,%T' "$path"
		fi
		[ -f "$path" ] && [ ! -L "$path" ] && md5sum "$path"
	done
}

number=0
while IFS= read -r command; do
	number=$((number + 1))
	mkdir /tmp/work
	cd /tmp/work
	printf '%s\n' "$command" > /tmp/command
	echo "@@@ case $number"
	timeout -s KILL 200 sh /tmp/command < /dev/null > /tmp/printed 2>&1
	echo "exit $?"
	md5sum < /tmp/printed
	cat /tmp/printed
	echo
	echo "--- folder"
	show_tree 2>&1
	echo "@@@ end $number"
	cd /
	rm -rf /tmp/work
done < /cases/list
echo "@@@ done"
poweroff -f
