"""Files that people upload."""

import io

import pytest
from django.core.files.uploadedfile import SimpleUploadedFile
from PIL import Image


@pytest.fixture
def picture():
    """Return an upload: a small PNG unless told otherwise."""

    def make(name="kopi.png", *, size=(64, 48), colour="teal", format_="PNG", **save):
        buffer = io.BytesIO()
        Image.new("RGB", size, colour).save(buffer, format_, **save)
        return SimpleUploadedFile(name, buffer.getvalue())

    return make


@pytest.fixture(autouse=True)
def media_root(settings, tmp_path):
    """Keep each test's files apart."""
    settings.MEDIA_ROOT = tmp_path / "media"
    return settings.MEDIA_ROOT
