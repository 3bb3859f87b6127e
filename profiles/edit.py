#!/usr/bin/python3
"""make menuconfig: edit.py FILE [FRAGMENT]

Edits the configuration FILE. It begins with what FILE holds; with FRAGMENT, or where there is no FILE yet, with that
fragment (the balanced profile). Says afterwards how to build the result.
"""
import os
import sys

try:
    import kconfiglib
    import menuconfig
except ImportError:
    sys.exit("menuconfig: Debian's package python3-kconfiglib is missing: run 'make setup'")


def seed(kconf, path, fragment):
    """Writes the complete configuration of the fragment to the path."""
    kconf.load_config(fragment)
    os.makedirs(os.path.dirname(path) or ".", exist_ok=True)
    kconf.write_config(path)


def main():
    if not 2 <= len(sys.argv) <= 3:
        sys.exit(__doc__)
    path = sys.argv[1]
    kconf = kconfiglib.Kconfig("Kconfig")
    if len(sys.argv) == 3 or not os.path.exists(path):
        fragment = sys.argv[2] if len(sys.argv) == 3 else "profiles/balanced.config"
        seed(kconf, path, fragment)
        print(f"menuconfig: {path} begins with {fragment}")
    os.environ["KCONFIG_CONFIG"] = path
    # Draws with what every terminal has, also in 80 columns.
    os.environ.setdefault("MENUCONFIG_STYLE", "default")
    menuconfig.menuconfig(kconf)
    name = os.path.splitext(os.path.basename(path))[0]
    print(f"menuconfig: build {path} with: make CONFIG={path}   (the result is in build/{name}/)")


if __name__ == "__main__":
    main()
