#!/bin/bash
# Installs what is missing of the packages in testing/setup/packages and fetches the pinned downloads. When nothing is
# missing it changes nothing, asks no mirror and takes a moment.
set -euo pipefail
cd "$(dirname "$0")/../.."

fail() {
	echo "setup: $*" >&2
	exit 1
}

as_root() {
	if [ "$(id -u)" = 0 ]; then
		"$@"
	elif command -v sudo > /dev/null; then
		sudo "$@"
	else
		fail "not root, and there is no sudo: install the packages above as root, then try again"
	fi
}

missing_packages() {
	local installed package
	installed=$(dpkg-query -W -f '${db:Status-Status} ${Package}\n')
	for package in $(sed -n 's/^\([a-z0-9][^ ]*\) .*/\1/p' testing/setup/packages); do
		grep -qx "installed $package" <<< "$installed" || echo "$package"
	done
}

command -v apt-get > /dev/null || fail "this needs Debian's apt-get; on another system install what testing/setup/packages lists"
missing=$(missing_packages)
if [ -n "$missing" ]; then
	echo "setup: these packages are missing:"
	for package in $missing; do
		sed -n "s/^$package /  &/p" testing/setup/packages
	done
	as_root apt-get -q update || fail "apt-get update failed: are the mirrors in /etc/apt reachable?"
	# shellcheck disable=SC2086 # a list of words
	as_root env DEBIAN_FRONTEND=noninteractive apt-get -q install -y --no-install-recommends $missing ||
		fail "apt-get could not install them"
	missing=$(missing_packages)
	[ -z "$missing" ] || fail "still missing after installing:" $missing
fi
testing/setup/fetch_zlib.sh build/third_party/zlib
# Debian's kernel, which says what is right in the contracts. Downloaded and unpacked, not installed.
testing/linux/fetch.sh || {
	echo "setup: once more, with fresh package lists"
	as_root apt-get -q update
	testing/linux/fetch.sh
}
echo "setup: all there"
