"""Politeness and sentence shapes around a wish.

Slots: {c} "turn off the lamp", {g} "turning off the lamp", {d} "the lamp turned off", {o} "the lamp", {b} "is",
{s} "off", {m} the adverbials ("in the kitchen at six").
"""

from __future__ import annotations

from random import Random

from .text import chance, fill, join, options, pick

ASKING = options("""
can you; could you; would you; will you; can you please; could you please; would you please; will you please; could
you possibly; can you possibly; could you maybe; can you just; could you just; would you kindly; could you kindly; do
you think you could; can we; could we; can I ask you to; may I ask you to; could I ask you to; would it be possible
to; is it possible to; would you be so kind as to; would you be able to; are you able to; could you be a dear and; can
you go and; could you go ahead and; would you be so good as to; could I get you to; can I get you to; any chance you
could; is there any chance you could; might you; might I ask you to; could you quickly; can you quickly; shall we;
would you like to; could you do me a favor and; could you do me a favour and; can you help me; will you kindly; won't
you; can't you; do you mind if we; could you be so kind and; can u; could u pls; can you pls; couldn't you; could you
perhaps; would you just; would it be too much to ask to; would it be any trouble to; can somebody; can someone; could
somebody; could someone please; would somebody; would someone; any way to;
can you manage to; would you care to; may I trouble you to; can I bother you to; could I trouble you to; would it be
okay to; would it be alright to; is it okay to; could anyone; 
""")
STATING = options("""
I want you to; I'd like you to; I would like you to; I need you to; you should; you can; you may; you may now; you can
now; please do; make sure to; be sure to; remember to; let's; let us; go ahead and; go and; go; just; please just;
kindly; please kindly; try to; I want to; I'd like to; I would like to; I need to; we need to; we should; we want to;
it's time to; time to; it is time to; help me; be so kind as to; be so good as to; be a dear and; please go ahead and;
I'd appreciate it if you could; I'd be glad if you would; I would be grateful if you could; it would be nice if you
could; it would be great if you could; it'd be great if you would; be a good house and; I wish you would; you need to;
you have to; I wanna; I'd love to; I'd love you to; I'd love it if you could; quickly; now; quick; if you could; if
you would; if you could just; if you could please; I ask you to; I'm asking you to; we'd like to; I'd like for you to;
hurry up and; please be sure to; would like to; want to; gonna need you to; do me a favor and; do me a favour and; I
have to ask you to; maybe you could; perhaps you could; you could; please could you; please can you; please would you;
I was hoping you could; I was wondering if you could; I wonder if you could; I'm hoping you can; we have to; I think
we should; better; you'd better;  be a sport and;
be a darling and; be a good boy and; be a pal and; be a love and; be nice and; somebody; someone please; would someone
please; get on and; feel free to; if you'd be so kind as to; if it's no bother; if it isn't too much trouble; I beg
you to; for goodness' sake;  for the love of god; for pity's sake; kindly go and; run and; 
pop over and; see if you can; make sure you; I hereby ask you to; your job is to; your task is to;
I command you to; all I want is to; what I want is to; next; first; it would help to; it'd help me to; I require you
to; the plan is to; we ought to; I ought to; we must; you must; I'd rather you; let me; let me just
""")
GERUND_ASKING = options("""
would you mind; do you mind; would you mind please; how about; what about; how about we start with; could you see
about; can I trouble you with; would it be okay with you; could you take care of; can you handle; can you take care
of; would you consider
""")
GERUND_STATING = options("""
I'd appreciate you; I'd appreciate; please see about; please take care of; I suggest; I feel like; I'd like to see
about
""")
ASKING_DONE = options("""
can I have {d} {m}; can we have {d} {m}; could I have {d} {m}; could we have {d} {m}; can I get {d} {m}; could you get
{d} {m}; can you get {d} {m}; may I have {d} {m}; can you have {d} {m}; could we get {d} {m}; could you have {d} {m};
can {o} be {p} {m}; could {o} be {p} {m}; can {o} get {p} {m}; could {o} please be {p} {m}
""")
STATING_DONE = options("""
I want {d} {m}; I'd like {d} {m}; I would like {d} {m}; I need {d} {m}; we need {d} {m}; get {d} {m}; have {d} {m};
let's have {d} {m}; let's get {d} {m}; we'd like {d} {m}; I'd like to have {d} {m}; I want to have {d} {m}; please
have {d} {m}; {o} should be {p} {m}; {o} must be {p} {m}; {o} has to be {p} {m}; {o} needs to be {p} {m}; I want {o}
to be {p} {m}; I'd like {o} to be {p} {m}; let {o} be {p} {m}; see that {o} {b} {p} {m}; make sure {o} {b} {p} {m};
make sure that {o} gets {p} {m}; please get {d} {m}; {o} to be {p} {m}; {o} can be {p} {m}; {o} {b} to be {p} {m}; {o}
to be {p} {m}; {o} may be {p} {m}; {o} may now be {p}
{m}; {o} could be {p} {m}; {o} ought to be {p} {m}; {o} wants to be {p} {m}; see to it that {o} {b} {p} {m}; see that
{o} gets {p} {m}; ensure {o} {b} {p} {m}; {o} shall be {p} {m}; please let {o} be {p} {m}; it's time {o} {b} {p} {m}; I
wish to have {d} {m}; {o} {m}, to be {p}; {o} had better be {p} {m}; it would be good to have {d} {m}
""")
ASKING_STATE = options("""
can I have {o} {s} {m}; can we have {o} {s} {m}; could I have {o} {s} {m}; could we have {o} {s} {m}; can I get {o}
{s} {m}; may we have {o} {s} {m}; could you get {o} {s} {m}; can you get {o} {s} {m}; can you make sure {o} {b} {s}
{m}; could you make sure {o} {b} {s} {m}; could you see to it that {o} {b} {s} {m}; could you make sure that {o} {b}
{s} {m}; can we get {o} {s} {m}; would you have {o} {s} {m}; may I have {o} {s} {m}; can {o} be {s} {m}; could {o} be
{s} {m};
could you have {o} {s} {m}; could we please have {o} {s} {m}; shall we have {o} {s} {m}; how about {o} {s} {m}; what
about {o} {s} {m}; can you have {o} {s} {m}; would it be possible to have {o} {s} {m}; is it possible to have {o} {s}
{m}; any chance of {o} {s} {m}; may we please have {o} {s} {m}
""")
STATING_STATE = options("""
I want {o} {s} {m}; I want {o} {s} {m}; I'd like {o} {s} {m}; I'd like {o} {s} {m}; I need {o} {s} {m}; I need {o} {s}
{m}; I would like {o} {s} {m}; we need {o} {s} {m}; we want {o} {s} {m}; get {o} {s} {m}; let's have {o} {s} {m};
let's get {o} {s} {m}; I want {o} to be {s} {m}; I'd like {o} to be {s} {m}; I need {o} to be {s} {m}; make sure {o}
{b} {s} {m}; make sure {o} {b} {s} {m}; make sure that {o} {b} {s} {m}; see that {o} {b} {s} {m}; see to it that {o}
{b} {s} {m}; {o} should be {s} {m}; {o} must be {s} {m}; {o} has to be {s} {m}; {o} needs to be {s} {m}; let {o} be
{s} {m}; have {o} {s} {m}; {o} had better be {s} {m}; I'd love to have {o} {s} {m}; I'd like to have {o} {s} {m}; I
want to have {o} {s} {m}; ensure {o} {b} {s} {m}; ensure that {o} {b} {s} {m}; be sure {o} {b} {s} {m}; I want to see
{o} {s} {m}; I expect {o} to be {s} {m}; {o} ought to be {s} {m}; it'd be nice to have {o} {s} {m}; I wish {o} to be
{s} {m}; make {o} be {s} {m}; I prefer {o} {s} {m}; gimme {o} {s} {m}; {o} wants to be {s} {m}; {o} to be {s} {m}; {o}
{b} to be {s} {m}; I'd be happy with {o} {s} {m}; I'd like to see {o} {s} {m}; please have {o} {s} {m}; I could do with
{o} {s} {m}; we could do with {o} {s} {m}; {o} needs to get {s} {m}; it's better with {o} {s} {m}; may {o} be {s} {m};
let me have {o} {s} {m}; it would be nice with {o} {s} {m}; I'd feel better with {o} {s} {m}
""")
STAYING = options("""
leave {o} {s} {m}; leave {o} {s} {m}; keep {o} {s} {m}; keep {o} {s} {m}; let {o} stay {s} {m}; {o} should stay {s}
{m}; hold {o} {s} {m}; I want {o} left {s} {m}; {o} can stay {s} {m}; I want {o} to stay {s} {m}; please leave {o} {s}
{m}; you can leave {o} {s} {m}; {o} must stay {s} {m}
""")
TELEGRAM = ["{o} {s} {m}"] * 12 + ["{o}: {s} {m}", "{o}, {s} {m}", "{o} {s}, {m}", "{o}, {s}, {m}",
                                    "{o} - {s} {m}", "{o}... {s} {m}", "{m} {o} {s}"]

OPENERS = options("""
Jarvis; dear assistant; assistant; my friend; hey Jarvis; robot; dear; home assistant; butler;
hey; hey; hi; hello; ok; okay; hey house; ok house; house; hey there; listen; right; alright; good morning; good
evening; excuse me; oh; um; now; so; well; hello house; hi house; okay house; hey home; ok home; computer; hey
computer; hi there; actually; oh and; and; yes; good night; hey you; dear house; yo; ok so; all right; okay then;
right then; oh dear; sorry; one more thing; ah; hmm; er; say; mate; house please; quick; good afternoon; morning;
evening; thanks, now; great; perfect; home
""")
CLOSERS = options("""
thanks; thank you; thanks a lot; thank you very much; for me; for me please; would you; will you; could you; can you;
if you can; if possible; if you don't mind; now; right now; right away; immediately; asap; at once; cheers; ta; mate;
when you can; if you would; okay; ok; for us; when you get a chance; many thanks; straight away; thank you so much; my
dear; love; if it's not too much trouble; if you could; thx; thanks in advance; quickly; that would be great; that'd
be great; pls; plz; if you please; darling; will ya; buddy; as soon as you can; that would be lovely; real quick;
there's a dear; and thank you; yeah; would you please; could you please; as soon as possible; this minute; again; then
""")
WITH_TIME_UNFIT = {"now", "right now", "right away", "immediately", "asap", "at once", "straight away", "quickly",
                   "as soon as you can", "real quick", "when you can", "when you get a chance", "as soon as possible",
                   "this minute", "quick", "again"}
FINAL_ASKS = {"would you", "will you", "could you", "can you", "would you please", "could you please", "will ya"}


def dress(text: str, rng: Random, question: bool, timed: bool) -> tuple[str, bool]:
    """Greetings before and thanks behind; returns the text and whether it ends as a question."""
    has_please = "please" in text or "pls" in text or "kindly" in text
    if chance(rng, 0.14):
        opener = rng.choice(OPENERS)
        # "good evening ... at 7" would make one think of 19:00.
        if timed and any(part in opener for part in ("morning", "evening", "afternoon", "night", "quick", "now")):
            opener = "hey"
        text = f"{opener}{rng.choice([',', ',', ''])} {text}"
    elif not has_please and not question and chance(rng, 0.17):
        text = pick(rng, [(8, f"please {text}"), (1, f"please, {text}"), (0.5, f"pls {text}")])
        has_please = True
    if not has_please and chance(rng, 0.19):
        text = text + rng.choice([" please", " please", " please", ", please", ", please", " pls"])
    elif chance(rng, 0.085):
        closer = rng.choice(CLOSERS)
        if not (timed and closer in WITH_TIME_UNFIT) and not (question and closer in FINAL_ASKS):
            text = f"{text}{rng.choice([',', ''])} {closer}"
            question = question or closer in FINAL_ASKS
    return text, question


def wish(rng: Random, command: str, gerund: str, thing: str, participle: str, be: str, modifiers: str) -> tuple[str,
                                                                                                                bool]:
    """A sentence around a verb: mostly the plain imperative."""
    shape = pick(rng, [(58, "plain"), (17, "ask"), (13, "state"), (3.5, "gerund ask"), (0.7, "gerund state"),
                       (2, "done ask"), (5, "done state")])
    slots = {"c": command, "g": gerund, "o": thing, "d": f"{thing} {participle}", "p": participle, "b": be,
             "m": modifiers}
    if shape == "plain":
        return f"{command} {modifiers}", False
    if shape == "ask":
        return f"{rng.choice(ASKING[:12] * 2 + ASKING)} {command} {modifiers}", True
    if shape == "state":
        return f"{rng.choice(STATING)} {command} {modifiers}", False
    if shape == "gerund ask":
        return f"{rng.choice(GERUND_ASKING[:3] * 5 + GERUND_ASKING)} {gerund} {modifiers}", True
    if shape == "gerund state":
        return f"{rng.choice(GERUND_STATING)} {gerund} {modifiers}", False
    if shape == "done ask":
        return join(fill(rng.choice(ASKING_DONE), rng, **slots)), True
    return agree(join(fill(rng.choice(STATING_DONE), rng, **slots)), be), False


def state_wish(rng: Random, thing: str, be: str, state: str, modifiers: str, staying: bool) -> tuple[str, bool]:
    """A sentence around the wished state: "I want the lamp off"."""
    shape = pick(rng, [(26, "telegram"), (18, "state"), (4, "ask"), (5 if staying else 0, "stay")])
    table = {"telegram": TELEGRAM, "state": STATING_STATE, "ask": ASKING_STATE, "stay": STAYING}[shape]
    text = join(fill(rng.choice(table), rng, o=thing, b=be, s=state, m=modifiers))
    return agree(text, be), shape == "ask"


def agree(text: str, be: str) -> str:
    """"the lights has to" becomes "the lights have to"."""
    if be == "are":
        for single, plural in ((" has to be ", " have to be "), (" needs to be ", " need to be "), (" gets ", " get "),
                               (" wants to be ", " want to be ")):
            text = text.replace(single, plural)
    return text
