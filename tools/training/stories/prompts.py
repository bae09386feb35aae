"""The wordings in which a story is asked for."""
import random
import re

from stories.nouns import with_article

# {a} is "a boat" or "a little boat". The evaluation asks with some of these and with wordings of its own.
ABOUT = """Tell me a story about {a}.|Can you tell me a story about {a}?|Tell me a short story about {a}.
|I want a story about {a}.|Write a story about {a}.|Please tell me a story about {a}.|Tell me a story with {a}.
|Tell me a bedtime story about {a}.|Could you tell me a story about {a}?|I would like a story about {a}, please.
|Do you know a story about {a}?|A story about {a}, please.|Make up a story about {a}.|Tell us a story about {a}.
|Tell me a story with {a} in it.|Write a short story with {a}.|Can I have a story about {a}?|Tell a story about {a}.
|Please write a little story about {a}.|I want to hear a story about {a}.|Give me a story about {a}.
|Will you tell me a story about {a}?|Say a story about {a}.|Once more, please: a story about {a}.
|Tell me something about {a}.|Let us have a story about {a}.|Start a story about {a}.|Tell me a funny story about {a}.
|Can you make a story with {a}?|Tell me a nice story about {a}.|I'd like to hear about {a}.|Story about {a}!
|tell me a story about {a}|a story about {a}|story about {a}|can you tell me a story about {a}|{a}, please
|Please tell a short story about {a}.|My child wants a story about {a}.|Tell me a story where there is {a}.
|Could you write a story about {a}?|Think of a story about {a}.|Is there a story about {a}?|Tell me about {a}.
|A bedtime story about {a}, please.|I love stories! Tell me one about {a}.|Tell me one about {a}.
|The story should be about {a}.|Please make up a short story about {a}.|Tell me the story of {a}.
|Hello! Tell me a story about {a}.|Hi, can you tell me a story about {a}?""".replace("\n", "").split("|")
ABOUT_TWO = """Tell me a story about {a} and {b}.|Tell me a story with {a} and {b}.|Can you tell me a story about {a}
and {b}?
|Write a short story with {a} and {b}.|A story about {a} and {b}, please.|I want a story with {a} and {b} in it.
|Make up a story about {a} and {b}.|tell me a story about {a} and {b}|Tell me a short story about {a} and {b}.
|Could you tell a story with {a} and {b}?|Tell me a bedtime story about {a} and {b}.""".replace("\n", "").split("|")
ABOUT_NAME = """Tell me a story about {who} named {name}.|Tell me a story about {who} called {name}.
|Can you tell me a story about {who} named {name}?|Write a story about {who} named {name}.
|A story about {who} called {name}, please.|I want a story about {who} named {name}.
|Tell me a short story about {who} named {name}.|tell me a story about {who} named {name}
|Tell me a story about {name}.|A story about {name}, please.
|Make up a story about {name}.""".replace("\n", "").split("|")
ANY = """Tell me a story.|Tell me a short story.|A story, please.|Can you tell me a story?|I want a story.
|tell me a story
|Please tell me a story.|Tell me a bedtime story.|Write a story.|I want to hear a story.|A short story, please.
|A bedtime story, please.|Tell me a nice story.|Tell me any story.|Do you know a story?|Make up a story.
|Could you tell me a story, please?|Read me a story.|Story, please!|Let me hear a story.|Once upon a time, please!
|Tell me a story for children.|Tell us a story.|I would like to hear a story.""".replace("\n", "").split("|")
ANOTHER = """Tell me another one.|Another one, please.|Another story, please.|One more!|Can you tell me another story?
|More, please.|Tell me one more story.|I want another story.|Do you know another one?|another one
|That was nice. Tell me another one.|Thank you! One more, please.""".replace("\n", "").split("|")
ANOTHER_ABOUT = """Now tell me a story about {a}.|And one about {a}?|Tell me another one, about {a}.
|Now one about {a}, please.
|That was nice. Now tell me about {a}.|Do you also know a story about {a}?|And now {a}!|One more, with {a}.
|Thank you! Now a story about {a}, please.|Can you tell me one about {a} now?""".replace("\n", "").split("|")
CONTINUE = """Continue this story: |Go on with this story: |Finish this story: |How does this story go on? 
|Please continue: 
|What comes next? |Can you finish this story? |The story begins like this: """.replace("\n", "").split("|")
NEXT = """What happened then?|And then?|What happened next?|Go on, please.|Tell me more.|How does it go on?|And what
then?
|Then what?|Please go on.|And how does it end?|Continue.|What did they do then?""".replace("\n", "").split("|")

# The parts of a free request, "BEFORE ASK KIND LINK AFTER". An ask that ends with "?" is a question.
BEFORE = """||||||Hello! |Hi! |Please! |It is late. |I cannot sleep. |We are all in bed. |I like your stories. |It is raining. 
|Listen: |One more thing: |My brother is sad. |We have ten minutes. |Dear storyteller, |Now |So, """.replace(
    "\n", "").split("|")
ASK = """tell me|tell us|give me|give us|read us|write|make up|think up|let me hear|let us hear|I want|we want|I wish for
|I would love|we would like|surprise me with|start|begin|tell the children|how about?|do you know?|do you have?
|can you tell me?|could you write?|will you tell us?|may I have?|can we have?|have you got?|is there?|what about?
|would you tell me?|could you think of?""".replace("\n", "").split("|")
KIND = """a story|a story|a story|a short story|a tale|a short tale|a fairy tale|a bedtime story|a little story
|a good story|an adventure|a tiny tale|a happy story""".replace("\n", "").split("|")
LINK = """about {a}|about {a}|about {a}|with {a}|with {a} in it|of {a}|all about {a}|that has {a} in it|where there is {a}
|that tells of {a}|starring {a}|that begins with {a}""".replace("\n", "").split("|")


def free(draw: random.Random, phrase: str) -> str:
    """A request put together from parts: a model that knows a list of wordings only is lost outside it."""
    before, asked, kind = draw.choice(BEFORE), draw.choice(ASK), draw.choice(KIND)
    link = draw.choice(LINK).format(a=with_article(phrase))
    after = draw.choice(("", "", ", please")) + ("?" if asked.endswith("?") else draw.choice(".!"))
    text = f"{before}{asked.rstrip('?')} {kind} {link}"
    text = re.sub(r"(?:^|(?<=[.!:] ))[a-z]", lambda match: match.group(0).upper(), text)
    return text.lower() if draw.random() < 0.15 else text + after


def about(draw: random.Random, phrase: str) -> str:
    return _capital(draw.choice(ABOUT).format(a=with_article(phrase)))


def about_next(draw: random.Random, phrase: str) -> str:
    return draw.choice(ANOTHER_ABOUT).format(a=with_article(phrase))


def about_two(draw: random.Random, first: str, second: str) -> str:
    return draw.choice(ABOUT_TWO).format(a=with_article(first), b=with_article(second))


def about_name(draw: random.Random, who: str, name: str) -> str:
    """Who is "girl" or "little fox"."""
    return draw.choice(ABOUT_NAME).format(who=with_article(who), name=name)


def _capital(text: str) -> str:
    """A request that begins with the noun and ends with a mark begins with a capital."""
    return text[0].upper() + text[1:] if text[-1] in ".!?" else text
