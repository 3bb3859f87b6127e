#!/usr/bin/python3
"""Turns a .config fragment and side options into a build folder's configuration.

configure.py OUT FRAGMENT [SYMBOL...]     writes OUT/.config and OUT/generated/{autoconf.h,config.mk,config.gz}
configure.py --check FRAGMENT [SYMBOL...] writes nothing, fails where that would

Run from the root of the source. A file whose content stays the same is not touched, so nothing is rebuilt for it.
"""
import gzip
import os
import sys

try:
    import kconfiglib
except ImportError:
    sys.exit("configure: Debian's package python3-kconfiglib is missing: run 'make setup'")


def fail(text):
    sys.exit(f"configure: {text}")


def write_if_changed(path, data):
    try:
        with open(path, "rb") as file:
            if file.read() == data:
                return
    except FileNotFoundError:
        pass
    os.makedirs(os.path.dirname(path), exist_ok=True)
    with open(path + ".tmp", "wb") as file:
        file.write(data)
    os.replace(path + ".tmp", path)


def side_options(kconf):
    """Bools that a user may set in this profile without changing what the profile promises."""
    return sorted(s.name for s in kconf.unique_defined_syms
                  if s.type == kconfiglib.BOOL and s.visibility == 2 and s.choice is None)


def load(fragment, side):
    kconf = kconfiglib.Kconfig("Kconfig", warn_to_stderr=False)
    kconf.warn_assign_override = False
    if not os.path.exists(fragment):
        fail(f"{fragment}: no such file")
    kconf.load_config(fragment)
    unknown = [name for name, _ in kconf.missing_syms]
    if unknown:
        fail(f"{fragment}: no such option: {' '.join(unknown)}")
    possible = side_options(kconf)
    for name in side:
        if name not in possible:
            why = "decided by the profile" if name in kconf.syms and kconf.syms[name].nodes else "no such option"
            fail(f"WITH={name}: {why}. Side options are: {' '.join(possible)}")
    for name in side:
        kconf.syms[name].set_value(2)
    return kconf


def warn_ignored(kconf, fragment):
    """A line that weakens or strengthens a named profile has no effect: its name cannot lie. Say so."""
    for sym in kconf.unique_defined_syms:
        if sym.type != kconfiglib.BOOL or sym.user_value is None or sym.choice is not None:
            continue
        wanted = "y" if sym.user_value == 2 else "n"
        if wanted != sym.str_value:
            print(f"configure: {fragment}: CONFIG_{sym.name}={wanted} ignored, it is {sym.str_value} here; "
                  "only PROFILE_CUSTOM mixes mechanisms", file=sys.stderr)


def render(kconf):
    """The three forms of one configuration: .config, C header, make fragment."""
    config, header, make = [], ["/* Generated from the configuration; an option that is off is not defined. */",
                                "#pragma once", ""], []
    for sym in kconf.unique_defined_syms:
        name, value = f"CONFIG_{sym.name}", sym.str_value
        if sym.type == kconfiglib.BOOL:
            if value == "n":
                config.append(f"# {name} is not set")
                continue
            config.append(f"{name}=y")
            header.append(f"#define {name} 1")
            make.append(f"{name} := y")
        else:
            quoted = f'"{kconfiglib.escape(value)}"' if sym.type == kconfiglib.STRING else value
            config.append(f"{name}={quoted}")
            header.append(f"#define {name} {quoted}")
            make.append(f"{name} := {value}")
    return ("\n".join(lines) + "\n" for lines in (config, header, make))


def main():
    if len(sys.argv) < 3:
        fail("usage: configure.py OUT|--check FRAGMENT [SYMBOL...]")
    out, fragment, side = sys.argv[1], sys.argv[2], sys.argv[3:]
    kconf = load(fragment, side)
    if out == "--check":
        return
    warn_ignored(kconf, fragment)
    config, header, make = render(kconf)
    write_if_changed(f"{out}/.config", config.encode())
    write_if_changed(f"{out}/generated/config.gz", gzip.compress(config.encode(), mtime=0))
    write_if_changed(f"{out}/generated/autoconf.h", header.encode())
    # Always written: make compares its date with the option files'.
    with open(f"{out}/generated/config.mk", "w", encoding="utf-8") as file:
        file.write(make)


if __name__ == "__main__":
    main()
