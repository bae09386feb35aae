"""Cuts text into the words that a byte-level BPE works on, as the Hugging Face tokenizers library does.

The library's pre-tokenizer here is a sequence of two: `Digits` sets every numeric character apart, and `ByteLevel`
cuts what is left between them by the GPT-2 pattern and spells the bytes of each word in printable characters.
Python's own `re` has no \\p{L} and \\p{N}; the order of the two steps makes them unnecessary. Once every numeric
character (Unicode category N) stands alone, what is left of Python's \\w, less the underscore, is exactly \\p{L}.
"""
import re
import sys
import unicodedata

# Python's \s also takes U+001C to U+001F, which Unicode, and with it the library's pattern, does not call white space.
_SPACE = "\\t-\\r \\x85\\xa0\\u1680\\u2000-\\u200a\\u2028\\u2029\\u202f\\u205f\\u3000"


def _numeric_class() -> str:
    """The members of the Unicode category N, as the inside of a character class."""
    ranges: list[str] = []
    start = -1
    for code in range(sys.maxunicode + 2):
        numeric = code <= sys.maxunicode and unicodedata.category(chr(code))[0] == "N"
        if numeric and start < 0:
            start = code
        elif not numeric and start >= 0:
            ranges.append(f"\\U{start:08x}-\\U{code - 1:08x}")
            start = -1
    return "".join(ranges)


_NUMERIC = _numeric_class()

# One pass does both steps. The numeric characters come first. A run of white space gives its last character to the
# word after it only when there is a word after it in the same piece, that is, when neither the end of the text nor
# a numeric character follows.
_WORDS = re.compile(
    f"[{_NUMERIC}]"
    "|'s|'t|'re|'ve|'m|'ll|'d"
    f"| ?(?:(?![{_NUMERIC}_])\\w)+"
    f"| ?(?:(?![{_NUMERIC}{_SPACE}])[\\W_])+"
    f"|[{_SPACE}]+(?![^{_SPACE}{_NUMERIC}])"
    f"|[{_SPACE}]+"
)

# The same for text without any numeric character beyond ASCII: simpler classes, three times as fast.
_PLAIN_WORDS = re.compile(
    "[0-9]|'s|'t|'re|'ve|'m|'ll|'d| ?[^\\W0-9_]+"
    f"| ?(?:[^\\w{_SPACE}]|_)+|[{_SPACE}]+(?![^{_SPACE}0-9])|[{_SPACE}]+"
)
_RARE_NUMERIC = re.compile(f"(?![0-9])[{_NUMERIC}]")


def _byte_spelling() -> list[str]:
    """GPT-2's printable character for each byte: itself where it prints, else one from U+0100 on."""
    printable = set(range(33, 127)) | set(range(161, 173)) | set(range(174, 256))
    spelling: list[str] = []
    next_code = 256
    for byte in range(256):
        if byte in printable:
            spelling.append(chr(byte))
        else:
            spelling.append(chr(next_code))
            next_code += 1
    return spelling


BYTE_TO_CHARACTER = _byte_spelling()
CHARACTER_TO_BYTE = {character: byte for byte, character in enumerate(BYTE_TO_CHARACTER)}


def split_words(text: str) -> list[str]:
    """The words of the text in order; joined they give the text again."""
    pattern = _WORDS if not text.isascii() and _RARE_NUMERIC.search(text) else _PLAIN_WORDS
    return pattern.findall(text)


def spell(word: str) -> str:
    """The word's UTF-8 bytes, each as its printable character."""
    return "".join(BYTE_TO_CHARACTER[byte] for byte in word.encode("utf-8"))
