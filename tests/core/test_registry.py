"""Registries take a name once; ports are filled by exactly one app."""

import pytest

from core.registry import Port, Registry, _ports


def test_a_name_is_taken_once():
    registry: Registry[str] = Registry("test")
    registry.register("a", "one")
    registry.register("a", "one")
    with pytest.raises(ValueError, match="registered twice"):
        registry.register("a", "two")


def test_an_unknown_name_says_where_it_was_looked_for():
    with pytest.raises(KeyError, match="test: nothing is registered as 'b'"):
        Registry("test").get("b")


def test_an_empty_port_says_so_and_a_full_one_stays():
    port: Port[str] = Port("test.port")
    try:
        with pytest.raises(LookupError, match=r"test\.port is empty"):
            _ = port.impl
        port.fill("one")
        with pytest.raises(ValueError, match="filled twice"):
            port.fill("two")
        assert port.impl == "one"
    finally:
        _ports.remove(port)
