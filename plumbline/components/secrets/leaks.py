"""Whether a secret is written down where anybody could read it: in all the forms in which secrets turn up in texts."""

from __future__ import annotations

import hashlib
import hmac
import re
from base64 import b64encode, urlsafe_b64decode
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass

_TOKEN = re.compile(r"\beyJ[\w-]+\.[\w-]+\.[\w-]{43}\b")  # a JSON web token with a SHA-256 signature (RFC 7519, 7515)
_HEXADECIMAL = re.compile(r"(?:0x)?((?:[0-9a-fA-F]{2}){16,})")
_PEM = re.compile(r"-----BEGIN [A-Z ]+-----\n([A-Za-z0-9+/=]+)\n([A-Za-z0-9+/=]+)\n")
_URL_SAFE = str.maketrans("+/", "-_")
_SHORTEST_FORM = 8


@dataclass(frozen=True)
class Text:
    """Something that is searched.

    Attributes:
        place: what it is, for the person who has to clean it.
        content: the text.
    """

    place: str
    content: str


class Search:
    """A search for secrets."""

    def __init__(self, secrets: Mapping[str, str]) -> None:
        """Prepare every form of every secret.

        Args:
            secrets: value -> what it is, in words that do not tell it.
        """
        self._forms = {form: named for value, named in secrets.items() for form in forms(value)}
        self._keys = {key: named for value, named in secrets.items() for key in _keys(value)}

    def __call__(self, texts: Iterable[Text]) -> list[str]:
        """Return which secret stands in which text, in words that do not tell it."""
        return sorted({found for text in texts for found in self._in(text)})

    def _in(self, text: Text) -> Iterator[str]:
        for form, named in self._forms.items():
            if form in text.content:
                yield f"{text.place} holds {named}"
        for token in set(_TOKEN.findall(text.content)):
            signed, _, signature = token.rpartition(".")
            for key, named in self._keys.items():
                if hmac.compare_digest(_signature(key, signed), urlsafe_b64decode(f"{signature}=")):
                    yield f"{text.place} holds a token that was signed with {named}"


def forms(value: str) -> frozenset[str]:
    """Return the texts by which a secret is known: itself, without its prefix, and in base64, whatever stands before it there."""
    pem = _PEM.search(value)
    if (
        pem is not None
    ):  # its line breaks are written in several ways; the second line is the first that no other key has
        plain = {pem[2]}
    else:
        plain = {value.strip()}
        if hexadecimal := _HEXADECIMAL.fullmatch(value.strip()):
            plain |= {hexadecimal[1].lower(), hexadecimal[1].upper()}
    raw = set(_keys(value)) | {text.encode() for text in plain}
    encoded = {form for each in raw for form in _in_base64(each)}
    return frozenset(form for form in plain | encoded if len(form) >= _SHORTEST_FORM)


def _in_base64(raw: bytes) -> Iterator[str]:
    """Yield what is the same in every base64 text that holds these bytes, by their place in it (also after "user:")."""
    for before in range(3):
        whole = b64encode(bytes(before) + raw).decode()
        kept = whole[-(-before * 8 // 6) : (before + len(raw)) * 8 // 6]  # what depends on nothing but them
        yield kept
        yield kept.translate(_URL_SAFE)


def _keys(value: str) -> Iterator[bytes]:
    """Yield the bytes that a secret may be as a key."""
    yield value.strip().encode()
    if hexadecimal := _HEXADECIMAL.fullmatch(value.strip()):
        yield bytes.fromhex(hexadecimal[1])


def _signature(key: bytes, signed: str) -> bytes:
    return hmac.new(key, signed.encode(), hashlib.sha256).digest()
