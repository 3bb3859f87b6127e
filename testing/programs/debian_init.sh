#!/bin/bash
# The first program of the Debian test: runs each program of /cases/programs in a folder of its own, between marker lines.
export PATH=/usr/bin:/bin HOME=/root LC_ALL=C PYTHONDONTWRITEBYTECODE=1 D=/cases/data
for what in proc sysfs:/sys devtmpfs:/dev tmpfs:/tmp; do
	/cases/busybox mount -t "${what%:*}" none "/${what##*[:/]}"
done
mkdir -p /dev/shm
/cases/busybox mount -t tmpfs none /dev/shm
[[ -e /dev/fd ]] || ln -s /proc/self/fd /dev/fd
number=0
for program in /cases/programs/*; do
	number=$((number + 1))
	mkdir /tmp/work && cd /tmp/work || exit
	echo "@@@ case $number"
	timeout -s KILL 280 "$program" < /dev/null 2>&1
	echo "exit $?"
	find . -type f | sort | xargs -r sha256sum
	echo "@@@ end $number"
	cd / && rm -rf /tmp/work
done
echo "@@@ done"
/cases/busybox poweroff -f
