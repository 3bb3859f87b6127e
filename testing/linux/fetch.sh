#!/bin/sh
# fetch.sh - put Debian's cloud kernel into build/linux, the reference that every contract is held to.
#
# Usage: testing/linux/fetch.sh [--refresh]
# Downloads the package that linux-image-cloud-amd64 depends on today, unpacks it without installing
# anything, and leaves build/linux/{bzImage,config,version}. Does nothing when they are there.
# BUILD= names another root of build folders.
set -eu

root=$(cd "$(dirname "$0")/../.." && pwd)
out=${BUILD:-$root/build}/linux
meta=linux-image-cloud-amd64

fail()
{
	echo "fetch.sh: $*" >&2
	exit 1
}

if [ "${1:-}" != --refresh ] && [ -s "$out/bzImage" ] && [ -s "$out/version" ]; then
	exit 0
fi

for tool in apt-cache apt-get dpkg-deb; do
	command -v $tool >/dev/null || fail "$tool is missing: this needs Debian 12"
done

package=$(apt-cache depends --important "$meta" 2>/dev/null |
	sed -n 's/^ *Depends: *\(linux-image-[^ ]*\)$/\1/p' | head -n 1)
[ -n "$package" ] || fail "apt knows no $meta: run apt-get update, and enable Debian's main"

mkdir -p "$out"
work=$(mktemp -d "$out/fetch.XXXXXX")
trap 'rm -rf "$work"' EXIT
trap 'exit 1' INT TERM

echo "fetch.sh: downloading $package"
(cd "$work" && apt-get -q -o APT::Sandbox::User=root download "$package" >log 2>&1) ||
	{ cat "$work/log" >&2; fail "cannot download $package: run apt-get update first"; }
set -- "$work"/*.deb
[ -s "$1" ] || fail "apt-get download left no package"
dpkg-deb -x "$1" "$work/root" || fail "cannot unpack $1"
set -- "$work"/root/boot/vmlinuz-*
[ -s "$1" ] || fail "$package holds no boot/vmlinuz"
release=${1##*/vmlinuz-}

mkdir -p "$out/$release"
mv -f "$work/root/boot/vmlinuz-$release" "$out/$release/bzImage"
mv -f "$work/root/boot/config-$release" "$out/$release/config"
ln -sfn "$release/bzImage" "$out/bzImage"
ln -sfn "$release/config" "$out/config"
echo "$package $(dpkg-deb -f "$work"/*.deb Version)" >"$out/version"
echo "fetch.sh: $out/bzImage is Linux $release"
