"""Documents: one JSON object a line, {"text": "..."} or {"messages": [{"role", "content"}, ...]}, and their tokens."""
import json
from collections.abc import Iterator
from pathlib import Path

from text.bpe import MESSAGE_END, MESSAGE_START, Tokenizer

Document = dict[str, object]
MASKS = ("all", "answers")


def read_documents(path: str | Path) -> Iterator[Document]:
    """The documents of a JSON-lines file; blank lines are passed over. Ends with one sentence where a line is none."""
    with open(path, "rb") as lines:
        for number, line in enumerate(lines, 1):
            if not line.strip():
                continue
            try:
                document = json.loads(line)
            except ValueError as error:
                raise SystemExit(f"{path}:{number}: the line is no JSON of UTF-8: {error}") from None
            if not is_document(document):
                raise SystemExit(
                    f'{path}:{number}: a document is {{"text": "..."}} or {{"messages": [{{"role": "...", "content":'
                    ' "..."}, ...]}.'
                )
            yield document


def is_document(value: object) -> bool:
    if not isinstance(value, dict) or ("text" in value) == ("messages" in value):
        return False
    if "text" in value:
        return isinstance(value["text"], str)
    return isinstance(value["messages"], list) and all(
        isinstance(message, dict) and all(isinstance(message.get(key), str) for key in ("role", "content"))
        for message in value["messages"]
    )


def render(document: Document) -> str:
    """The document as text; messages in ChatML, exactly as the chat template of tokenizer_config.json gives them."""
    if "text" in document:
        return str(document["text"])
    return "".join(
        f"{MESSAGE_START}{message['role']}\n{message['content']}{MESSAGE_END}\n" for message in document["messages"]
    )


def encode_document(document: Document, tokenizer: Tokenizer, mask: str) -> tuple[list[int], list[int]]:
    """The document's tokens, <|endoftext|> at the end, and for each token whether it is a target to predict.

    With the mask "all" every token is one. With "answers" a conversation's targets are the tokens of the assistant's
    contents and the <|im_end|> that closes each; a plain text has no question to leave out and is a target whole.
    Special spellings within a text or a content are plain text: no document can forge a message.
    """
    if mask not in MASKS:
        raise ValueError(f"the mask is one of {', '.join(MASKS)}, not {mask}")
    if "text" in document:
        tokens = tokenizer.encode(str(document["text"]))
        tokens.append(tokenizer.end_of_text)
        return tokens, [1] * len(tokens)
    tokens: list[int] = []
    targets: list[int] = []
    line_end = tokenizer.encode("\n")
    for message in document["messages"]:
        body = message_body(message, tokenizer)
        header = len(tokenizer.encode(f"{message['role']}"))
        if body[header:header + len(line_end)] == line_end:
            header += len(line_end)
        answer = 1 if mask == "all" or message["role"] == "assistant" else 0
        other = 1 if mask == "all" else 0
        tokens += [tokenizer.message_start, *body, tokenizer.message_end, *line_end]
        targets += [other] * (1 + header) + [answer] * (len(body) - header + 1) + [other] * len(line_end)
    tokens.append(tokenizer.end_of_text)
    targets.append(1 if mask == "all" else 0)
    return tokens, targets


def prompt(messages: list[dict[str, str]], tokenizer: Tokenizer) -> list[int]:
    """The tokens of a conversation that waits for an answer: the messages, and the opening of the assistant's."""
    tokens, _ = encode_document({"messages": messages}, tokenizer, "all")
    return [*tokens[:-1], tokenizer.message_start, *tokenizer.encode("assistant\n")]


def message_body(message: dict[str, str], tokenizer: Tokenizer) -> list[int]:
    """Role and content, encoded as one: a content that begins with white space joins the line end before it."""
    return tokenizer.encode(f"{message['role']}\n{message['content']}")
