"""What upper apps add to the pages of channels."""

from collections.abc import Callable
from uuid import UUID

from django.http import HttpRequest
from django.utils.safestring import SafeString

from core.registry import Registry
from networks.models import Channel

ChannelPanel = Callable[[HttpRequest, Channel], SafeString]
PausedChannels = Callable[[HttpRequest], set[UUID]]

channel_panels: Registry[ChannelPanel] = Registry("networks.registry.channel_panels")
"""Sections of a channel's page: name → function(request, channel) → HTML, shown in the order of registration."""

paused_channels: Registry[PausedChannels] = Registry("networks.registry.paused_channels")
"""Who says which channels have a pause of their own: name → function(request) → ids."""
