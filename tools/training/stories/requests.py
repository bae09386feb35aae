"""What the evaluation asks: every held-out noun in two wordings, and small talk. The lists never change by chance.

requests.jsonl holds the stories' as {"prompt": ..., "noun": ...}, for the tests of the model file.

Command line: python3 -m stories.requests writes that file.
"""
import json
from pathlib import Path

from stories.nouns import held_out_nouns, with_article

LINES = Path(__file__).with_name("requests.jsonl")
# In turn over the nouns. The first four stand in prompts.py as well; no training request is worded like the others.
WORDINGS = (
    ("Tell me a story about {a}.", "Could we hear a tale about {a}?"),
    ("Can you tell me a story about {a}?", "I am in the mood for a little tale with {a}."),
    ("Write a short story with {a}.", "Please invent a story in which we meet {a}."),
    ("A story about {a}, please.", "My daughter wants to hear about {a}. Do you have a story?"),
)
SMALL_TALK = """Hello!|Hi there|Good morning!|Hey, who is there?|How are you?|How are you feeling this morning?
|What is your name?|Could you tell me who you are?|What can you do?|What are you for?|Who made you?|Who invented you?
|Are you a robot?|Are you a real person?|Where do you live?|Do you need the internet?|Do you like dogs?
|Do you like rain?
|Do you like ice cream?|What is your favourite color?|What is your favourite animal?|What is your favourite story?
|I am sad.|I feel a bit sad today.|I am so happy!|I am bored.|I am tired.|I can't sleep.|Can you sing?|What is 2+2?
|What is 8 times 3?|What is the capital of Spain?|What time is it?|Tell me a joke.|My name is Robin.|Thank you!
|That was a lovely story.|Good night!|Bye!|Will you be my friend?""".replace("\n", "").split("|")


def story_requests() -> list[tuple[str, str]]:
    """(prompt, noun) for each held-out noun, twice."""
    requests: list[tuple[str, str]] = []
    for index, noun in enumerate(held_out_nouns()):
        for wording in WORDINGS[index % len(WORDINGS)]:
            requests.append((wording.format(a=with_article(noun)), noun))
    return requests


def small_talk_requests() -> list[str]:
    return list(SMALL_TALK)


def lines() -> str:
    """What requests.jsonl holds."""
    return "".join(json.dumps({"prompt": prompt, "noun": noun}) + "\n" for prompt, noun in story_requests())


def main() -> None:
    LINES.write_text(lines(), encoding="utf-8")


if __name__ == "__main__":
    main()
