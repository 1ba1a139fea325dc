"""Registries (many upper apps add entries) and ports (exactly one upper app fills them)."""

from collections.abc import Iterator
from typing import Generic, TypeVar

from django.core.checks import CheckMessage, Error, register

T = TypeVar("T")
_ports: list["Port[object]"] = []


class Registry(Generic[T]):
    """Named entries that apps add at start; a name is taken once."""

    def __init__(self, name: str) -> None:
        self.name = name
        self._entries: dict[str, T] = {}

    def register(self, key: str, entry: T) -> T:
        """Add an entry. Raises: ValueError when the key is taken by another one."""
        if key in self._entries and self._entries[key] is not entry:
            raise ValueError(f"{self.name}: {key!r} is registered twice")
        self._entries[key] = entry
        return entry

    def get(self, key: str) -> T:
        """Return the entry. Raises: KeyError."""
        try:
            return self._entries[key]
        except KeyError:
            raise KeyError(f"{self.name}: nothing is registered as {key!r}") from None

    def find(self, key: str) -> T | None:
        """Return the entry or None."""
        return self._entries.get(key)

    def items(self) -> Iterator[tuple[str, T]]:
        """Yield key and entry in the order of registration."""
        yield from self._entries.items()

    def values(self) -> Iterator[T]:
        """Yield the entries in the order of registration."""
        yield from self._entries.values()

    def __contains__(self, key: str) -> bool:
        return key in self._entries


class Port(Generic[T]):
    """A call from a lower floor to the one app above that implements it, in the caller's transaction."""

    def __init__(self, name: str) -> None:
        self.name = name
        self._impl: T | None = None
        _ports.append(self)  # type: ignore[arg-type]  # the list is read by the check only

    def fill(self, impl: T) -> None:
        """Say who implements this port. Raises: ValueError on a second, different one."""
        if self._impl is not None and self._impl is not impl:
            raise ValueError(f"port {self.name} is filled twice")
        self._impl = impl

    @property
    def impl(self) -> T:
        """Return the implementation. Raises: LookupError while the port is empty."""
        if self._impl is None:
            raise LookupError(f"port {self.name} is empty")
        return self._impl

    @property
    def is_filled(self) -> bool:
        """Tell whether an app has filled the port."""
        return self._impl is not None


@register()
def check_ports(app_configs: object, **kwargs: object) -> list[CheckMessage]:
    """Refuse to start with an empty port."""
    return [
        Error(f"Port {port.name} is empty: no installed app fills it.", id="core.E001")
        for port in _ports
        if not port.is_filled
    ]
