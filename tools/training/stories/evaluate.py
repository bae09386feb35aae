#!/usr/bin/python3
"""Judges mor-stories: does an answer keep to the noun asked for, does it loop, and where does depth go?

    python3 -m stories.evaluate [--temperature 0.6] [--answers]

An answer is that of the float32 twin in threshold mode. The int4 file is not judged here.
"""

from __future__ import annotations

import argparse
import re
from collections import Counter
from pathlib import Path

import numpy
import torch

from stories.requests import small_talk_requests, story_requests
from text import documents, pack
from text.bpe import Tokenizer
from trainer import settings
from trainer.export import load
from twin.decoder import Decoder
from twin.generation import generate

TOKENS_MAX = 320
# An answer loops if a run of this many words comes this often: a refrain of a tale is shorter or rarer.
LOOP_WORDS, LOOP_TIMES = 8, 3


def has_noun(answer: str, noun: str) -> bool:
    """Whether the noun stands in the answer as a word, in the singular or a regular plural."""
    plural = re.escape(noun[:-1]) + "ies" if noun.endswith("y") else re.escape(noun) + "(?:s|es)"
    return re.search(rf"\b(?:{re.escape(noun)}|{plural})\b", answer, re.IGNORECASE) is not None


def loops(answer: str) -> bool:
    words = re.findall(r"[\w']+", answer.lower())
    runs = Counter(tuple(words[place : place + LOOP_WORDS]) for place in range(len(words) - LOOP_WORDS + 1))
    return bool(runs) and max(runs.values()) >= LOOP_TIMES


def answers(model: Decoder, tokenizer: Tokenizer, prompts: list[str], temperature: float) -> list[tuple[str, int]]:
    """The answer to each prompt and its number of tokens."""
    generator = torch.Generator().manual_seed(1)
    result = []
    for prompt in prompts:
        ids = documents.prompt([{"role": "user", "content": prompt}], tokenizer)
        stop = (tokenizer.end_of_text, tokenizer.message_end)
        tokens = generate(model, ids, TOKENS_MAX, stop, temperature=temperature, generator=generator)
        result.append((tokenizer.decode(tokens), len(tokens)))
    return result


@torch.no_grad()
def depth_of_tokens(model: Decoder, prefix: Path, windows: int = 200) -> tuple[float, list[tuple[float, int, int]]]:
    """The mean depth in threshold mode on held-out stories, and per token id (mean depth, count, id)."""
    tokens, mask = pack.load_arrays(prefix)
    depth, count = numpy.zeros(model.shape.vocabulary), numpy.zeros(model.shape.vocabulary, numpy.int64)
    for row, targets in zip(tokens[:windows], mask[:windows]):
        ids = row[: int(targets.nonzero()[0].max()) + 1].astype(numpy.int64)
        _, trace = model.hidden(torch.from_numpy(ids)[None], "threshold")
        numpy.add.at(depth, ids, trace.depth[0].numpy())
        numpy.add.at(count, ids, 1)
    seen = [(depth[i] / count[i], int(count[i]), i) for i in count.nonzero()[0]]
    return depth.sum() / count.sum(), sorted(seen)


def main() -> None:
    parser = argparse.ArgumentParser(description="Judge a trained mor-stories.")
    home = settings.RUNS / "mor-stories"
    parser.add_argument("--model", type=Path, default=home / "export", help="folder of the exported model")
    parser.add_argument("--temperature", type=float, default=0.0, help="0 is greedy")
    parser.add_argument("--limit", type=int, default=10_000, help="most requests")
    parser.add_argument("--answers", action="store_true", help="print the answers too")
    arguments = parser.parse_args()
    torch.set_num_threads(1)
    model, tokenizer = load(arguments.model)
    requests = story_requests()[: arguments.limit]
    told = answers(model, tokenizer, [prompt for prompt, _ in requests], arguments.temperature)
    kept = [has_noun(answer, noun) for (answer, _), (_, noun) in zip(told, requests)]
    looping = [loops(answer) for answer, _ in told]
    talk = answers(model, tokenizer, small_talk_requests(), arguments.temperature)
    if arguments.answers:
        for (prompt, noun), (answer, _), found in zip(requests, told, kept):
            print(f"? {prompt}{'' if found else f'   [no {noun}]'}\n{answer}\n")
        for prompt, (answer, _) in zip(small_talk_requests(), talk):
            print(f"? {prompt}\n{answer}\n")
    print(f"requested noun in the answer: {sum(kept)} of {len(kept)}, {100 * sum(kept) / len(kept):.1f} %")
    print(f"answers that loop: {sum(looping)} of {len(looping)}, {100 * sum(looping) / len(looping):.1f} %")
    ended = sum(count < TOKENS_MAX for _, count in told)
    print(f"answers that end within {TOKENS_MAX} tokens: {ended}; mean length {numpy.mean([n for _, n in told]):.0f}")
    mean, table = depth_of_tokens(model, arguments.model.parent / "data/validation-stories")
    frequent = [entry for entry in table if entry[1] >= 40]
    print(f"mean depth on held-out stories {mean:.3f}")
    for title, entries in (("easy", frequent[:20]), ("hard", frequent[::-1][:20])):
        print(title, ", ".join(f"{tokenizer.decode([i])!r} {depth:.2f}" for depth, _, i in entries))


if __name__ == "__main__":
    main()
