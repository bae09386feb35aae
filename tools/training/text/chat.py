"""The prompt of a conversation in ChatML, as the chat template of tokenizer_config.json gives it."""
from text.bpe import Tokenizer


def prompt(tokenizer: Tokenizer, messages: list[dict[str, str]]) -> list[int]:
    """The messages, and the opening of the assistant's answer."""
    line_end = tokenizer.encode("\n")
    tokens: list[int] = []
    for message in messages:
        body = tokenizer.encode(f"{message['role']}\n{message['content']}")
        tokens += [tokenizer.message_start, *body, tokenizer.message_end, *line_end]
    return [*tokens, tokenizer.message_start, *tokenizer.encode("assistant\n")]
