"""Static files under hashed names, so that they can be cached for ever."""

from django.contrib.staticfiles.storage import ManifestStaticFilesStorage


class HashedStaticFiles(ManifestStaticFilesStorage):
    """Hashes names; a file that was not collected yet is served under its plain name."""

    manifest_strict = False
    support_js_module_import_aggregation = True

    def stored_name(self, name: str) -> str:
        """Return the hashed name, or the plain one while there is nothing collected to hash."""
        try:
            return super().stored_name(name)
        except ValueError:
            return name
