"""Which adapter speaks for which channel."""

from core.errors import NotFound
from core.registry import Registry
from networks.models import Channel
from networks.protocol import Adapter
from networks.samples import sample_adapter

adapters: Registry[Adapter] = Registry("networks.adapters")


def adapter_of(channel: Channel) -> Adapter:
    """Return the adapter that speaks for the channel; a sample's can do nothing but render.

    Raises: NotFound for a network that this installation does not know.
    """
    if channel.is_sample:
        return sample_adapter(channel.kind)
    found = adapters.find(channel.kind)
    if found is None:
        raise NotFound(f"There is no network {channel.kind!r}.")
    return found
