"""Which adapter speaks for which channel."""

from core.registry import Registry
from networks.protocol import Adapter

adapters: Registry[Adapter] = Registry("networks.adapters")
