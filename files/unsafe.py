"""Why a file cannot be taken, in words for the person who uploaded it."""

from django.utils.translation import gettext_lazy as _

from core.errors import Invalid

REASONS = {
    "empty": _("The file is empty."),
    "too_large": _("The file is too large."),
    "not_media": _("This is not a JPEG, PNG, WebP or GIF picture, nor an MP4, MOV or WebM video."),
    "svg": _("SVG drawings can hold programs, so they are not taken. Export it as PNG and upload that."),
    "pdf": _("This is a PDF, not a picture. Export the page as PNG or JPEG and upload that."),
    "active": _(
        "The file holds a web page, a script, a PDF or an archive inside. Save the picture anew and upload that."
    ),
    "damaged": _("The file is damaged or incomplete. Save it anew and upload that."),
    "too_many_pixels": _("The picture has too many pixels. Scale it down and upload it again."),
    "too_many_frames": _("The animation has too many frames. Shorten it, or upload it as a video."),
    "too_long": _("It runs for too long. Cut it and upload it again."),
    "no_video": _("The file holds no moving picture."),
    "video_format": _(
        "This kind of video cannot be taken. Export it as MP4 (H.264 with AAC sound) and upload that."
    ),
    "too_complex": _(
        "The file needs more work to read than is allowed. Save it in a simpler form and upload that."
    ),
}


class UnsafeMedia(Invalid):
    """The file was refused; `reason` is a key of REASONS, the message its sentence."""

    def __init__(self, reason: str) -> None:
        super().__init__(str(REASONS[reason]), code="unsafe_media")
        self.reason = reason
