#!/bin/bash
# prove.sh [FOLDER] - shows that a newcomer's two commands work: makes a fresh Debian 12 in FOLDER (default
# /var/tmp/aramid-prove) with git, make and apt and nothing else, clones the last commit into it, types `make setup run`,
# waits for the prompt, and runs `make setup test`. Needs root, debootstrap, and the machine's own apt mirrors. Not part
# of `make test`. The folder stays, so that a second run is faster; remove it with `rm -r --one-file-system`.
#   COMMIT=name      another commit          TREE=1           the working tree instead, with what is not committed
#   GOALS='run test' one of them only
set -euo pipefail
cd "$(dirname "$0")/../.."
root=${1:-/var/tmp/aramid-prove}
goals=${GOALS:-run test}

fail() {
	echo "prove: $*" >&2
	exit 1
}
say() {
	echo "prove: $*"
}
inside() {
	chroot "$root" env -i HOME=/root PATH=/usr/sbin:/usr/bin:/sbin:/bin TERM=linux "$@"
}

[ "$(id -u)" = 0 ] || fail "needs root, for chroot"
command -v debootstrap > /dev/null || fail "needs the package debootstrap"
mirror=$(apt-get indextargets --format '$(REPO_URI)' 'Created-By: Packages' 'Codename: bookworm' | head -n 1)
[ -n "$mirror" ] || fail "apt has no mirror of Debian 12: run apt-get update"

# Types `make setup run`, waits for the prompt, types a command and powers off.
shell_at_once() {
	/usr/bin/python3 - "$root" <<-'EOF'
		import pexpect, sys
		console = pexpect.spawn("chroot", [sys.argv[1], "env", "-i", "HOME=/root", "PATH=/usr/sbin:/usr/bin:/sbin:/bin",
		                                   "TERM=linux", "make", "-C", "/root/aramid", "setup", "run"],
		                        timeout=1800, encoding="utf-8", logfile=sys.stdout)
		console.expect(r"# \x1b\[6n")
		console.send("echo $((6 * 7)); uname -a\r")
		console.expect(r"\r+\n42\r+\nLinux ", timeout=20)
		console.send("poweroff\r")
		console.expect(pexpect.EOF, timeout=60)
		console.close()
		sys.exit(console.exitstatus)
	EOF
}

unmount() {
	for place in dev/pts dev proc sys; do
		mountpoint -q "$root/$place" && umount "$root/$place"
	done
	return 0
}
trap unmount EXIT
unmount
if [ ! -e "$root/etc/debian_version" ]; then
	say "Debian 12, minimal, in $root"
	debootstrap --variant=minbase bookworm "$root" "$mirror" > "$root.log" 2>&1 || fail "debootstrap: see $root.log"
fi
# Where apt asks and how it gets there is this machine's affair.
for place in /etc/apt/sources.list /etc/apt/sources.list.d /etc/apt/apt.conf.d /etc/resolv.conf; do
	[ ! -e "$place" ] || cp -rLT "$place" "$root$place"
done
mount -t proc proc "$root/proc"
mount -t sysfs -o ro sysfs "$root/sys"
mount --bind --make-private /dev "$root/dev"
mount --bind /dev/pts "$root/dev/pts"
inside apt-get -q update > /dev/null
inside apt-get -q install -y --no-install-recommends git make > /dev/null
say "packages before setup: $(inside dpkg-query -W | wc -l)"

rm -rf "$root/root/aramid" "$root/root/repository"
if [ -n "${TREE:-}" ]; then
	mkdir -p "$root/root/repository"
	git ls-files -co --exclude-standard | xargs -d '\n' ls -d 2> /dev/null | tar -c -T - | tar -x -C "$root/root/repository"
	inside git -c init.defaultBranch=main -C /root/repository init -q
	inside git -C /root/repository add -A
	inside git -C /root/repository -c user.name=prove -c user.email=prove@localhost commit -qm tree
else
	git clone -q --bare . "$root/root/repository"
fi
inside git clone -q /root/repository /root/aramid
inside git -C /root/aramid checkout -q "${COMMIT:-HEAD}"

for goal in $goals; do
	begin=$SECONDS
	case $goal in
	run)
		say "make setup run"
		shell_at_once
		;;
	test)
		say "make setup test"
		inside make -C /root/aramid setup test 2>&1 | tee "$root.test"
		;;
	*) fail "no goal $goal: run, test" ;;
	esac
	say "make setup $goal: fine, $((SECONDS - begin)) s"
done
