#!/usr/bin/python3
"""make menuconfig: edit.py FILE [FRAGMENT]

Edits the configuration FILE. It begins with what FILE holds; with FRAGMENT, or where there is no FILE yet, with that
fragment (the balanced profile). FILE is written when the user saves, and not before. Says afterwards how to build it.
"""
import os
import sys
import tempfile

try:
    import kconfiglib
    import menuconfig
except ImportError:
    sys.exit("menuconfig: Debian's package python3-kconfiglib is missing: run 'make setup'")


class Begun(kconfiglib.Kconfig):
    """Options that begin with all that a fragment decides, in place of the file that is edited."""

    def __init__(self, fragment):
        super().__init__("Kconfig")
        self.fragment = fragment

    def load_config(self, filename=None, replace=True, verbose=None):
        if filename:
            return super().load_config(filename, replace, verbose)
        said = super().load_config(self.fragment)
        # Written out and read back, each mechanism has a value of its own, which it keeps when the profile becomes `custom`.
        with tempfile.NamedTemporaryFile(prefix="aramid-", suffix=".config") as whole:
            self.write_config(whole.name, save_old=False)
            super().load_config(whole.name)
        # To menuconfig an option it does not know: leaving without a change asks whether to save all the same.
        self.missing_syms.append(("BEGUN_WITH", self.fragment))
        return said


def main():
    if not 2 <= len(sys.argv) <= 3:
        sys.exit(__doc__)
    path = sys.argv[1]
    fragment = sys.argv[2] if len(sys.argv) == 3 else None if os.path.exists(path) else "profiles/balanced.config"
    kconf = Begun(fragment) if fragment else kconfiglib.Kconfig("Kconfig")
    if fragment:
        kept = f"; {path} stays as it is until you save" if os.path.exists(path) else ""
        print(f"menuconfig: begins with {fragment}{kept}")
    os.makedirs(os.path.dirname(path) or ".", exist_ok=True)
    os.environ["KCONFIG_CONFIG"] = path
    # Draws with what every terminal has, also in 80 columns.
    os.environ.setdefault("MENUCONFIG_STYLE", "default")
    menuconfig.menuconfig(kconf)
    if not os.path.exists(path):
        print(f"menuconfig: {path} is not saved")
        return
    name = os.path.splitext(os.path.basename(path))[0]
    print(f"menuconfig: build {path} with: make CONFIG={path}   (the result is in build/{name}/)\n"
          f"            build and boot it: make run CONFIG={path}")


if __name__ == "__main__":
    main()
