"""The third text of mor-stories: stories that name the noun asked for in their first sentence, half of them made up."""
from __future__ import annotations

from pathlib import Path

from stories import conversations

MIXTURE = conversations.Mixture(
    templates=12000, tiny=4000, talks=3000, plain=400, early=1, all_stories=False, renamed=0.5
)


def write(folder: Path, corpus: Path) -> None:
    """The files of stories.conversations, with another mixture."""
    conversations.write(folder, corpus, MIXTURE, seed=23)
