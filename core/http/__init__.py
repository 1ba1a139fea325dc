"""The one outbound HTTP client: guarded against server-side request forgery, under one deadline, honest in failing.

`NotSent` means no effect, `Unknown` means it cannot be told, a `Response` is always complete. Never used: proxies,
cookies, kept connections, anything of the inbound request. No other module may import an HTTP library.
"""

from core.http.bodies import Body, BytesBody, FileBody, MultipartBody, Part, form_body, json_body
from core.http.client import OutboundClient, outbound
from core.http.errors import NotReadable, NotSent, OutboundError, Refused, Unknown
from core.http.responses import Headers, Response, retry_after

__all__ = [
    "Body",
    "BytesBody",
    "FileBody",
    "Headers",
    "MultipartBody",
    "NotReadable",
    "NotSent",
    "OutboundClient",
    "OutboundError",
    "Part",
    "Refused",
    "Response",
    "Unknown",
    "form_body",
    "json_body",
    "outbound",
    "retry_after",
]
