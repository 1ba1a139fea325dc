"""A Bot API for one bot that refuses what Telegram refuses, in its words and with its parameters.

Fields of methods are those of Bot API 10.1, core.telegram.org/bots/api, read 2026-11-27; a field that is not among them
is refused, which Telegram itself would pass over. As at Telegram, the same message twice is two messages.
"""

import io
import json
from dataclasses import dataclass, field
from typing import Any

from PIL import Image

from tests.peers.serving import Peer, Reply, Request

TOKEN = "123456789:AAE-strict_peer_of_the_bot_api_0123"
COMMON = {
    "chat_id",
    "disable_notification",
    "protect_content",
    "message_thread_id",
    "reply_parameters",
    "reply_markup",
}
CAPTION = {"caption", "parse_mode", "caption_entities", "show_caption_above_media", "has_spoiler"}
FIELDS = {
    "getMe": set(),
    "getChat": {"chat_id"},
    "getChatMember": {"chat_id", "user_id"},
    "sendMessage": COMMON | {"text", "parse_mode", "entities", "link_preview_options"},
    "sendPhoto": COMMON | CAPTION | {"photo"},
    "sendAnimation": COMMON | CAPTION | {"animation", "duration", "width", "height", "thumbnail"},
    "sendVideo": COMMON
    | CAPTION
    | {"video", "duration", "width", "height", "thumbnail", "supports_streaming"},
    "sendMediaGroup": {"chat_id", "media", "disable_notification", "protect_content", "message_thread_id"},
    "deleteMessages": {"chat_id", "message_ids"},
}
SENDS = {"sendMessage", "sendPhoto", "sendAnimation", "sendVideo", "sendMediaGroup"}
PHOTO_BYTES, FILE_BYTES = 10 * 1024 * 1024, 50 * 1024 * 1024


class Refusal(Exception):
    """A refusal in Telegram's words."""

    def __init__(self, code: int, description: str, **parameters: int) -> None:
        super().__init__(description)
        self.answer = {"ok": False, "error_code": code, "description": description}
        self.answer |= {"parameters": parameters} if parameters else {}
        self.code = code


@dataclass
class Chat:
    """A chat with what the bot may do in it."""

    id: int
    type: str = "channel"
    title: str = "Acme Kopi"
    username: str = ""
    status: str = "administrator"
    may_post: bool = True
    may_delete: bool = True
    migrated_to: int = 0


@dataclass
class Message:
    """A message that stands in a chat."""

    number: int
    chat: int
    text: str
    entities: list[dict[str, Any]]
    files: list[str] = field(default_factory=list)
    fields: dict[str, Any] = field(default_factory=dict)


class BotApi(Peer):
    """Chats and messages of one bot; `flood` seconds are asked for once when set."""

    def __init__(self) -> None:
        super().__init__()
        self.chats = [Chat(-1001234567890, username="acmekopi")]
        self.messages: list[Message] = []
        self.calls: list[str] = []
        self.flood = 0
        self.is_revoked = False

    def answer(self, request: Request) -> Reply:
        try:
            return Reply(200, {"ok": True, "result": self._call(request)})
        except Refusal as refusal:
            return Reply(refusal.code, refusal.answer)

    def _call(self, request: Request) -> Any:
        token, _, method = request.path.removeprefix("/bot").partition("/")
        if method not in FIELDS or ":" not in token:
            raise Refusal(404, "Not Found")
        if token != TOKEN or self.is_revoked:
            raise Refusal(401, "Unauthorized")
        self.calls.append(method)
        fields, files = _read(request)
        if unknown := set(fields) - FIELDS[method]:
            raise Refusal(400, f"Bad Request: unknown fields {sorted(unknown)}")
        if method == "getMe":
            return {"id": 123456789, "is_bot": True, "first_name": "Collab", "username": "acme_collab_bot"}
        chat = self._chat(fields.get("chat_id"))
        if method == "getChat":
            return {"id": chat.id, "type": chat.type, "title": chat.title, "username": chat.username}
        if method == "getChatMember":
            return {
                "status": chat.status,
                "user": {"id": fields["user_id"]},
                "can_post_messages": chat.may_post,
            }
        if method == "deleteMessages":
            return self._delete(chat, fields["message_ids"])
        return self._send(chat, method, fields, files)

    def _chat(self, ident: Any) -> Chat:
        for chat in self.chats:
            if ident in (chat.id, str(chat.id)) or (chat.username and ident == f"@{chat.username}"):
                if chat.migrated_to:
                    raise Refusal(
                        400,
                        "Bad Request: group chat was upgraded to a supergroup chat",
                        migrate_to_chat_id=chat.migrated_to,
                    )
                if chat.status in ("left", "kicked"):
                    raise Refusal(403, "Forbidden: bot was kicked from the channel chat")
                return chat
        raise Refusal(400, "Bad Request: chat not found")

    def _send(self, chat: Chat, method: str, fields: dict[str, Any], files: dict[str, Any]) -> Any:
        if self.flood:
            seconds, self.flood = self.flood, 0
            raise Refusal(429, f"Too Many Requests: retry after {seconds}", retry_after=seconds)
        if not chat.may_post:
            raise Refusal(400, "Bad Request: need administrator rights in the channel chat")
        if "parse_mode" in fields:
            raise Refusal(400, "Bad Request: this peer wants entities")
        if method == "sendMessage":
            text, entities = fields.get("text", ""), fields.get("entities", [])
            _check_text(text, entities, 4096, "message is too long")
            if not text:
                raise Refusal(400, "Bad Request: message text is empty")
            return self._put(chat, text, entities, [], fields)
        if method != "sendMediaGroup":
            kind = method.removeprefix("send").lower()
            _check_text(
                fields.get("caption", ""),
                fields.get("caption_entities", []),
                1024,
                "message caption is too long",
            )
            name = _check_file(kind, files.get(kind))
            return self._put(
                chat, fields.get("caption", ""), fields.get("caption_entities", []), [name], fields
            )
        return self._album(chat, fields, files)

    def _album(self, chat: Chat, fields: dict[str, Any], files: dict[str, Any]) -> list[Any]:
        items = fields["media"]
        if not 2 <= len(items) <= 10:
            raise Refusal(400, "Bad Request: strict peer: an album has 2 to 10 items")
        names = []
        for item in items:
            if item["type"] not in ("photo", "video"):
                raise Refusal(400, "Bad Request: can't parse InputMedia: type is unallowed")
            _check_text(
                item.get("caption", ""), item.get("caption_entities", []), 1024, "message caption is too long"
            )
            names.append(_check_file(item["type"], files.get(item["media"].removeprefix("attach://"))))
        return [
            self._put(chat, item.get("caption", ""), item.get("caption_entities", []), [name], fields)
            for item, name in zip(items, names, strict=True)
        ]

    def _put(
        self, chat: Chat, text: str, entities: list[Any], files: list[str], fields: dict[str, Any]
    ) -> Any:
        message = Message(len(self.messages) + 1, chat.id, text, entities, files, fields)
        self.messages.append(message)
        return {
            "message_id": message.number,
            "date": 0,
            "chat": {"id": chat.id, "type": chat.type},
            "text": text,
        }

    def _delete(self, chat: Chat, numbers: list[int]) -> bool:
        if not 1 <= len(numbers) <= 100:
            raise Refusal(400, "Bad Request: strict peer: 1 to 100 messages")
        found = [one for one in self.messages if one.chat == chat.id and one.number in numbers]
        if found and not chat.may_delete:
            raise Refusal(400, "Bad Request: message can't be deleted")
        self.messages = [one for one in self.messages if one not in found]
        return True


def _read(request: Request) -> tuple[dict[str, Any], dict[str, Any]]:
    if not request.headers.get("content-type", "").startswith("multipart/form-data"):
        return request.json or {}, {}
    fields, files = request.parts()
    for name in ("media", "caption_entities", "entities"):
        if name in fields:
            fields[name] = json.loads(fields[name])
    return fields, files


def _check_text(text: str, entities: list[dict[str, Any]], most: int, words: str) -> None:
    length = len(text.encode("utf-16-le")) // 2
    if length > most:
        raise Refusal(400, f"Bad Request: {words}")
    for entity in entities:
        if entity["offset"] < 0 or entity["length"] < 1 or entity["offset"] + entity["length"] > length:
            raise Refusal(400, "Bad Request: can't parse entities: an entity lies outside the text")


def _check_file(kind: str, file: tuple[str, str, bytes] | None) -> str:
    if file is None or not file[2]:
        raise Refusal(400, "Bad Request: file must be non-empty")
    name, _mime, content = file
    if kind == "photo":
        if len(content) > PHOTO_BYTES:
            raise Refusal(413, "Request Entity Too Large")
        try:
            width, height = Image.open(io.BytesIO(content)).size
        except OSError:
            raise Refusal(400, "Bad Request: IMAGE_PROCESS_FAILED") from None
        if width + height > 10_000 or max(width, height) > 20 * min(width, height):
            raise Refusal(400, "Bad Request: PHOTO_INVALID_DIMENSIONS")
    elif len(content) > FILE_BYTES:
        raise Refusal(413, "Request Entity Too Large")
    return name
