"""A byte-level BPE tokenizer: trained here or read from a tokenizer.json, and written in the Hugging Face form.

The files it writes are the ones the runtime and the tokenizers library read, so encoding follows that library to the
letter: the lowest-ranked merge first, the leftmost of equals first, within words cut by text/pretokenizer.py.

Command line: python3 -m text.bpe --vocabulary 4096 --output FOLDER documents.jsonl [...]
"""
import argparse
import heapq
import json
import os
import re
from collections import Counter, defaultdict
from collections.abc import Iterable
from pathlib import Path

from text.pretokenizer import BYTE_TO_CHARACTER, CHARACTER_TO_BYTE, spell, split_words

END_OF_TEXT = "<|endoftext|>"
MESSAGE_START = "<|im_start|>"
MESSAGE_END = "<|im_end|>"
SPECIAL_TOKENS = (END_OF_TEXT, MESSAGE_START, MESSAGE_END)

CHAT_TEMPLATE = (
    "{% for message in messages %}{{'<|im_start|>' + message['role'] + '\n' + message['content'] + '<|im_end|>'"
    " + '\n'}}{% endfor %}{% if add_generation_prompt %}{{ '<|im_start|>assistant\n' }}{% endif %}"
)

_PRE_TOKENIZER = {
    "type": "Sequence",
    "pretokenizers": [
        {"type": "Digits", "individual_digits": True},
        {"type": "ByteLevel", "add_prefix_space": False, "trim_offsets": True, "use_regex": True},
    ],
}

Pair = tuple[str, str]


class Tokenizer:
    """A vocabulary with its merges. `vocabulary` maps a token's spelling to its id, `special` the special tokens'."""

    def __init__(self, vocabulary: dict[str, int], merges: list[Pair], special: dict[str, int]) -> None:
        self.vocabulary = vocabulary
        self.merges = merges
        self.special = special
        self.end_of_text = special[END_OF_TEXT]
        self.message_start = special[MESSAGE_START]
        self.message_end = special[MESSAGE_END]
        self._ranks = {pair: rank for rank, pair in enumerate(merges)}
        self._special_pattern = re.compile("(" + "|".join(re.escape(spelling) for spelling in special) + ")")
        self._words: dict[str, list[int]] = {}
        self._bytes = {token: _token_bytes(spelling) for spelling, token in vocabulary.items()}
        self._bytes.update({token: spelling.encode() for spelling, token in special.items()})

    def __len__(self) -> int:
        return len(self._bytes)

    @staticmethod
    def load(folder: str | Path) -> "Tokenizer":
        """Reads tokenizer.json in the folder; refuses one that encodes in a way this class does not."""
        path = Path(folder) / "tokenizer.json"
        content = json.loads(path.read_text(encoding="utf-8"))
        model = content["model"]
        if model.get("type", "BPE") != "BPE" or model.get("ignore_merges") or model.get("byte_fallback"):
            raise ValueError(f"{path}: not a plain byte-level BPE model")
        if content.get("normalizer") is not None or not _same_steps(content.get("pre_tokenizer")):
            raise ValueError(f"{path}: the pre-tokenizer is not single digits, then the GPT-2 pattern")
        merges = [_pair(merge) for merge in model["merges"]]
        special = {token["content"]: token["id"] for token in content["added_tokens"]}
        missing = [spelling for spelling in SPECIAL_TOKENS if spelling not in special]
        if missing:
            raise ValueError(f"{path}: the special token {missing[0]} is missing")
        return Tokenizer(dict(model["vocab"]), merges, special)

    def save(self, folder: str | Path, max_length: int) -> None:
        """Writes tokenizer_config.json and tokenizer.json, each whole or not at all; max_length is the model's longest
        sequence."""
        target = Path(folder)
        target.mkdir(parents=True, exist_ok=True)
        config = {
            "tokenizer_class": "PreTrainedTokenizerFast",
            "add_bos_token": False,
            "bos_token": END_OF_TEXT,
            "eos_token": MESSAGE_END,
            "model_max_length": max_length,
            "chat_template": CHAT_TEMPLATE,
            "clean_up_tokenization_spaces": False,
        }
        for name, content in (("tokenizer_config.json", config), ("tokenizer.json", self._file())):
            text = json.dumps(content, ensure_ascii=False, indent=1)
            partial = target / f"{name}.partial"
            partial.write_text(text + "\n", encoding="utf-8")
            os.replace(partial, target / name)

    def encode(self, text: str, allow_special: bool = False) -> list[int]:
        """The text's ids. Spellings of special tokens count as such only when allowed, and else as plain text."""
        if not allow_special:
            return self._encode_plain(text)
        ids: list[int] = []
        for piece in self._special_pattern.split(text):
            if piece in self.special:
                ids.append(self.special[piece])
            elif piece:
                ids.extend(self._encode_plain(piece))
        return ids

    def decode(self, ids: Iterable[int]) -> str:
        """The text of the ids, special tokens spelled out; bytes that are no UTF-8 become U+FFFD."""
        return b"".join(self._bytes[int(token)] for token in ids).decode("utf-8", errors="replace")

    def _encode_plain(self, text: str) -> list[int]:
        ids: list[int] = []
        words = self._words
        for word in split_words(text):
            known = words.get(word)
            if known is None:
                known = words[word] = self._encode_word(word)
            ids += known
        return ids

    def _encode_word(self, word: str) -> list[int]:
        """One merge at a time, as the library's queue does it. Words are short and every one is merged only once."""
        parts = list(spell(word))
        unknown = len(self._ranks)
        while len(parts) > 1:
            ranks = [self._ranks.get(pair, unknown) for pair in zip(parts, parts[1:])]
            best = min(ranks)
            if best == unknown:
                break
            place = ranks.index(best)
            parts[place:place + 2] = [parts[place] + parts[place + 1]]
        return [self.vocabulary[part] for part in parts]

    def _file(self) -> dict[str, object]:
        added = [
            {"id": token, "content": spelling, "single_word": False, "lstrip": False, "rstrip": False,
             "normalized": False, "special": True}
            for spelling, token in sorted(self.special.items(), key=lambda item: item[1])
        ]
        return {
            "version": "1.0",
            "truncation": None,
            "padding": None,
            "added_tokens": added,
            "normalizer": None,
            "pre_tokenizer": _PRE_TOKENIZER,
            "post_processor": None,
            "decoder": {"type": "ByteLevel", "add_prefix_space": True, "trim_offsets": True, "use_regex": True},
            "model": {
                "type": "BPE", "dropout": None, "unk_token": None, "continuing_subword_prefix": None,
                "end_of_word_suffix": None, "fuse_unk": False, "byte_fallback": False, "ignore_merges": False,
                "vocab": self.vocabulary,
                "merges": [f"{left} {right}" for left, right in self.merges],
            },
        }


def train(texts: Iterable[str], vocabulary_size: int) -> Tokenizer:
    """Learns merges from the texts until the vocabulary has the size, or until no pair occurs twice.

    Spellings of the special tokens in the texts are left out of the counts. The result depends only on the texts'
    words and their counts: among pairs of one count the first in the order of spelling is merged.
    """
    smallest = len(SPECIAL_TOKENS) + len(BYTE_TO_CHARACTER)
    if vocabulary_size < smallest:
        raise SystemExit(f"A byte-level vocabulary has at least {smallest} tokens, not {vocabulary_size}.")
    counts: Counter[str] = Counter()
    special = re.compile("|".join(re.escape(spelling) for spelling in SPECIAL_TOKENS))
    for text in texts:
        for piece in special.split(text):
            counts.update(split_words(piece))
    merges = _learn_merges(counts, vocabulary_size - smallest)
    spellings = [*SPECIAL_TOKENS, *BYTE_TO_CHARACTER, *(left + right for left, right in merges)]
    vocabulary = {spelling: token for token, spelling in enumerate(spellings)}
    return Tokenizer(vocabulary, merges, {spelling: token for token, spelling in enumerate(SPECIAL_TOKENS)})


def _learn_merges(counts: Counter[str], number: int) -> list[Pair]:
    """The merges, most frequent pair first.

    Only the words that hold the merged pair are counted again after a merge. The heap keeps outdated entries; one is
    known by its count, which no longer is the pair's, and goes back with the right one.
    """
    ordered = sorted(counts)
    words = [list(spell(word)) for word in ordered]
    frequencies = [counts[word] for word in ordered]
    pairs: Counter[Pair] = Counter()
    holders: defaultdict[Pair, set[int]] = defaultdict(set)
    for index, parts in enumerate(words):
        for pair in zip(parts, parts[1:]):
            pairs[pair] += frequencies[index]
            holders[pair].add(index)
    heap = [(-count, pair) for pair, count in pairs.items()]
    heapq.heapify(heap)
    merges: list[Pair] = []
    made = set(BYTE_TO_CHARACTER)
    while len(merges) < number and heap:
        count, pair = heapq.heappop(heap)
        if pairs[pair] != -count:
            if pairs[pair] > 1:
                heapq.heappush(heap, (-pairs[pair], pair))
            continue
        if -count < 2:
            break
        spelling = pair[0] + pair[1]
        if spelling in made:
            # Two ways to one spelling would give one token two ids: the later way is not taken.
            pairs[pair] = 0
            continue
        made.add(spelling)
        merges.append(pair)
        changed: set[Pair] = set()
        for index in holders.pop(pair):
            before, after = words[index], _merge(words[index], pair)
            words[index] = after
            for old in zip(before, before[1:]):
                pairs[old] -= frequencies[index]
            for new in zip(after, after[1:]):
                pairs[new] += frequencies[index]
                holders[new].add(index)
                changed.add(new)
        for new in changed:
            if pairs[new] > 1:
                heapq.heappush(heap, (-pairs[new], new))
    return merges


def _merge(parts: list[str], pair: Pair) -> list[str]:
    """The parts with every occurrence of the pair joined, from the left."""
    merged: list[str] = []
    place = 0
    while place < len(parts):
        if place + 1 < len(parts) and parts[place] == pair[0] and parts[place + 1] == pair[1]:
            merged.append(pair[0] + pair[1])
            place += 2
        else:
            merged.append(parts[place])
            place += 1
    return merged


def _pair(merge: str | list[str]) -> Pair:
    """A merge in either of the two forms the library writes: "a b" or ["a", "b"]."""
    left, right = merge.split(" ") if isinstance(merge, str) else merge
    return left, right


def _token_bytes(spelling: str) -> bytes:
    if all(character in CHARACTER_TO_BYTE for character in spelling):
        return bytes(CHARACTER_TO_BYTE[character] for character in spelling)
    return spelling.encode("utf-8")


def _same_steps(found: dict | None) -> bool:
    """Whether a file's pre-tokenizer cuts words as this module does; trim_offsets does not touch the ids."""
    steps = (found or {}).get("pretokenizers", [])
    if [step.get("type") for step in steps] != ["Digits", "ByteLevel"]:
        return False
    digits, byte_level = steps
    return (digits.get("individual_digits", False) and not byte_level.get("add_prefix_space", True)
            and byte_level.get("use_regex", True))


def main() -> None:
    parser = argparse.ArgumentParser(prog="text.bpe", description="Train a byte-level BPE on JSON lines of documents.")
    parser.add_argument("inputs", nargs="+", type=Path, help="JSON lines, as text.pack reads them")
    parser.add_argument("--vocabulary", type=int, default=4096, help="the number of tokens (default 4096)")
    parser.add_argument("--max-length", type=int, default=1024, help="the model's longest sequence (default 1024)")
    parser.add_argument("--output", required=True, type=Path, help="the folder for the two files")
    arguments = parser.parse_args()
    from text.documents import read_documents, render
    texts = (render(document) for path in arguments.inputs for document in read_documents(path))
    tokenizer = train(texts, arguments.vocabulary)
    tokenizer.save(arguments.output, arguments.max_length)
    print(f"{len(tokenizer)} tokens, {len(tokenizer.merges)} merges")


if __name__ == "__main__":
    main()
