"""Each host unit test of libs/ under each profile, and each header of libs/abi against the system's, as one pytest case."""
import functools

import pytest

import abi_constants
import run as unit


@functools.lru_cache(maxsize=None)
def libraries(profile):
    return unit.build_libraries(profile)


@pytest.mark.parametrize("profile", unit.PROFILES)
@pytest.mark.parametrize("test", unit.tests() + unit.kernel_tests())
def test_library(test, profile):
    passed, text = unit.run_test(*libraries(profile), test)
    assert passed, text


@pytest.mark.parametrize("header", abi_constants.HEADERS)
def test_abi_constants(header):
    passed, _, _, text = abi_constants.check(header, unit.BUILD / "unit" / "abi")
    assert passed, text


def test_every_abi_header_is_compared():
    headers = {p.name for p in abi_constants.INCLUDE.glob("*.h")}
    assert headers == set(abi_constants.HEADERS)
