"""Static files under hashed names, so that they can be cached for ever."""

from django.contrib.staticfiles.storage import ManifestStaticFilesStorage


class HashedStaticFiles(ManifestStaticFilesStorage):
    """Hashes names; a file that was not collected yet is served under its plain name."""

    manifest_strict = False
    support_js_module_import_aggregation = True
