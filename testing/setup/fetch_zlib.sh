#!/bin/bash
# Unpacks zlib's source, from Debian's source package of a fixed version, into the folder $1.
# Needs no deb-src line in the machine's configuration: it derives one of its own, from the mirrors that are configured,
# in build/dl/, and leaves /etc alone.
set -euo pipefail
version=1:1.2.13.dfsg-1
target=$1
root=$(cd "$(dirname "$0")/../.." && pwd)
work=$root/build/dl/zlib

fail() {
	echo "fetch_zlib: $*" >&2
	exit 1
}

# Prints every configured repository as deb-src, in the form that it has.
deb_src() {
	local file
	for file in /etc/apt/sources.list /etc/apt/sources.list.d/*.list; do
		if [ -f "$file" ]; then
			sed -n 's/^deb[[:space:]]/deb-src /p' "$file" >> "$1.list"
		fi
	done
	for file in /etc/apt/sources.list.d/*.sources; do
		if [ -f "$file" ]; then
			sed '/^#/d; s/^Types:.*/Types: deb-src/' "$file" >> "$1.sources"
			echo >> "$1.sources"
		fi
	done
}

if [ -f "$target/zlib.h" ]; then
	exit 0
fi
command -v dpkg-source > /dev/null || fail "dpkg-source (package dpkg-dev) is missing: run 'make setup'"
echo "fetching the source package zlib $version (inflate, for compressed initramfs) into $target"
rm -rf "$work"
mkdir -p "$work"/{sources.d,lists/partial,cache/archives/partial,source}
deb_src "$work/sources.d/src"
options=(
	-o Dir::Etc::SourceList=/dev/null
	-o "Dir::Etc::SourceParts=$work/sources.d"
	-o "Dir::State::Lists=$work/lists"
	-o "Dir::Cache=$work/cache"
	-o APT::Sandbox::User=root
	-o Acquire::Languages=none
	-qq
)
apt-get "${options[@]}" update || fail "cannot read the package lists of the configured mirrors"
(cd "$work/source" && apt-get "${options[@]}" source --only-source "zlib=$version") ||
	fail "source package zlib $version is not to be had from the configured mirrors"
mkdir -p "$(dirname "$target")"
rm -rf "$target"
mv "$work"/source/zlib-*/ "$target"
rm -rf "$work"
