"""What people say for each action, per device.

A verb is "turn|on" (the particle goes before or behind the object) or "activate" (none).
"""

from __future__ import annotations

from random import Random

from .text import options, pick

IRREGULAR = {
    "put": ("putting", "put"), "get": ("getting", "got"), "set": ("setting", "set"), "shut": ("shutting", "shut"),
    "cut": ("cutting", "cut"), "run": ("running", "run"), "bring": ("bringing", "brought"), "take": ("taking", "taken"),
    "draw": ("drawing", "drawn"), "swing": ("swinging", "swung"), "throw": ("throwing", "thrown"),
    "let": ("letting", "let"), "keep": ("keeping", "kept"), "leave": ("leaving", "left"), "make": ("making", "made"),
    "hold": ("holding", "held"), "stick": ("sticking", "stuck"), "flip": ("flipping", "flipped"),
    "dim": ("dimming", "dimmed"), "drop": ("dropping", "dropped"), "stop": ("stopping", "stopped"),
    "pop": ("popping", "popped"), "slam": ("slamming", "slammed"), "wind": ("winding", "wound"),
    "send": ("sending", "sent"), "give": ("giving", "given"), "light": ("lighting", "lit"),
             "quit": ("quitting", "quit"),
    "end": ("ending", "ended"), "have": ("having", "had"), "spin": ("spinning", "spun"), "slow": ("slowing", "slowed"),
    "speed": ("speeding", "sped"), "wake": ("waking", "woken"), "unbar": ("unbarring", "unbarred"),
             "bump": ("bumping", "bumped"),
    "slide": ("sliding", "slid"), "program": ("programming", "programmed"), "scrap": ("scrapping", "scrapped"),
    "forget": ("forgetting", "forgotten"), "skip": ("skipping", "skipped"), "bin": ("binning", "binned"),
    "undo": ("undoing", "undone"), "chuck": ("chucking", "chucked"), "nix": ("nixing", "nixed"),
             "shutdown": ("shutting down", "shut down"),
    "go": ("going", "gone"), "open": ("opening", "opened"), "power": ("powering", "powered"),
             "lower": ("lowering", "lowered"),
    "silence": ("silencing", "silenced"), "ditch": ("ditching", "ditched"), "knock": ("knocking", "knocked"),
    "flick": ("flicking", "flicked"), "engage": ("engaging", "engaged"), "snap": ("snapping", "snapped"),
    "hit": ("hitting", "hit"), "whack": ("whacking", "whacked"), "seal": ("sealing", "sealed"),
             "play": ("playing", "played"),
    "quiet": ("quieting", "quieted"), "cancel": ("cancelling", "cancelled"), "feed": ("feeding", "fed"),
}

_ON = "turn|on * 26; switch|on * 22; put|on * 5; start * 8; activate * 5; enable * 2; power|on * 3; power|up * 2"
_OFF = ("turn|off * 26; switch|off * 22; shut|off * 8; stop * 7; deactivate * 4; kill * 4; cut * 2; power|off * 3; "
        "power|down * 2; shut|down * 3; disable * 3; cut|off; knock|off")
_VERBS: dict[tuple[str, str], str] = {
    ("on", "lamp"): _ON + """
        ; flip|on * 3; flick|on * 2; click|on; light * 2; stick|on; pop|on; throw|on; bring|on; snap|on; put|on * 6;
        get|going; pop|on; have|on; fire|up;
        get|on""",
    ("on", "heater"): _ON + """
        ; fire|up * 3; start|up * 2; run * 2; kick|on; pop|on * 2; stick|on * 2; whack|on; fire; get|on; flip|on;
        light|up; get|going * 2; crank|on""",
    ("on", "fan"): _ON + """
        ; run * 4; start|up * 3; flip|on * 2; kick|on; get|going * 3; get|running; fire|up * 2; pop|on; stick|on;
        set|going; spin|up * 3; flick|on; set|spinning; get|spinning""",
    ("on", "radio"): _ON + """
        ; play * 9; start|up; fire|up * 2; pop|on * 2; stick|on * 2; get|going * 2; throw|on; flip|on; bring|on;
        resume; unmute * 2; start|playing; crank|on; whack|on; unpause""",
    ("on", "alarm"): """
        turn|on * 22; switch|on * 18; activate * 10; enable * 7; put|on * 3; arm * 6; start * 2; power|on; flip|on;
        engage * 2; reactivate; re-enable""",
    ("on", "sprinkler"): _ON + "; run * 7; start|up * 2; fire|up * 2; get|going * 3; get|running; set|going; kick|on; "
                               "let|run; pop|on; open|up",
    ("off", "lamp"): _OFF + """
        ; turn|out * 5; put|out * 5; douse * 2; extinguish * 2; flip|off * 3; flick|off * 2; click|off; switch|out;
        snap|off; blow|out; hit|off""",
    ("off", "heater"): _OFF + "; flip|off; click|off; take|off; quit; halt; get|off",
    ("off", "fan"): _OFF + "; flip|off * 2; halt * 2; silence; end; flick|off; quit",
    ("off", "radio"): _OFF + """
        ; mute * 10; silence * 6; pause * 3; end; quiet; shut|up * 2; flip|off; hush; halt; mute * 3""",
    ("off", "alarm"): """
        turn|off * 22; switch|off * 17; stop * 12; silence * 11; shut|off * 7; mute * 6; kill * 4; deactivate * 5;
        disable * 5; disarm * 5; shut|up * 2; shut|down; cut; end * 2; quiet * 2; hush; halt; power|off; cut|off;
        put|off""",
    ("off", "sprinkler"): _OFF + "; halt * 3; end; stop * 5; interrupt; flip|off; pause; suspend",
    ("open", "blind"): """
        open * 30; raise * 10; lift * 7; pull|up * 9; roll|up * 8; open|up * 5; put|up * 3; wind|up * 2; draw|open *
        2; pull|open * 3; bring|up * 2; move|up; lift|up * 2; send|up; take|up; hoist; crank|up; throw|open;
        slide|open; run|up; get|open; push|up; let|up; swing|open; unroll|up""",
    ("open", "door"): """
        open * 40; unlock * 14; open|up * 8; swing|open * 3; pop|open * 2; push|open * 2; throw|open * 2; unbolt * 2;
        unlatch * 3; slide|open * 2; pull|open * 2; get|open; unbar; unfasten; roll|up; raise * 2; lift; crack|open *
        2; let|open""",
    ("close", "blind"): """
        close * 28; shut * 11; lower * 11; draw * 9; pull|down * 9; roll|down * 7; drop * 4; let|down * 4; bring|down
        * 4; put|down * 3; close|up; pull|shut * 2; draw|shut; draw|closed; pull|closed * 2; wind|down * 2; send|down;
        shut|down; take|down; run|down; slide|shut; move|down; get|closed; get|down""",
    ("close", "door"): """
        close * 36; shut * 20; lock * 15; close|up * 2; lock|up * 4; bolt * 4; latch * 3; slam * 2; pull|shut * 2;
        push|shut * 2; secure * 3; slam|shut; slide|shut; swing|shut; get|closed; bar; pull|closed; get|shut; lower;
        seal; fasten; roll|down; push|closed""",
}
# Slips of the table above that nobody says.
_UNSAID = {("open", "blind"): {"unroll|up", "let|up"}, ("open", "door"): {"let|open"}, ("off", "alarm"): {"put|off"},
           ("off", "lamp"): {"hit|off", "blow|out"}, ("on", "radio"): {"crank|on"},
           ("on", "heater"): {"crank|on", "fire", "light|up"},
           ("off", "heater"): {"get|off"}, ("on", "lamp"): {"get|on"}}


def weighted_verbs(listing: str) -> list[tuple[float, str]]:
    """The entries of "turn|on * 26; activate"."""
    table = []
    for entry in options(listing):
        verb, _, weight = entry.partition(" * ")
        table.append((float(weight or 1), verb))
    return table


VERBS = {key: [entry for entry in weighted_verbs(listing) if entry[1] not in _UNSAID.get(key, ())]
         for key, listing in _VERBS.items()}

# Words for the wished or asked state; for blinds and doors more than one pair is usual.
STATES: dict[tuple[str, str], list[str]] = {
    ("on", "lamp"): ["on"] * 9 + ["switched on", "turned on", "lit"],
                                            ("on", "heater"): ["on"] * 7 + ["running", "switched on", "turned on",
                                                                            "working"],
    ("on", "fan"): ["on"] * 5 + ["running", "running", "going", "spinning", "turned on", "switched on"],
    ("on", "radio"): ["on"] * 5 + ["playing", "playing", "going", "turned on", "switched on", "running"],
    ("on", "alarm"): ["on"] * 5 + ["active", "armed", "activated", "enabled", "turned on"],
    ("on", "sprinkler"): ["on"] * 5 + ["running", "running", "going", "turned on", "working", "switched on"],
    ("off", "lamp"): ["off"] * 9 + ["out", "out", "switched off", "turned off"],
                                            ("off", "heater"): ["off"] * 9 + ["switched off", "turned off", "shut off"],
    ("off", "fan"): ["off"] * 9 + ["switched off", "turned off", "stopped"],
    ("off", "radio"): ["off"] * 7 + ["muted", "silent", "switched off", "turned off"],
    ("off", "alarm"): ["off"] * 7 + ["silenced", "disabled", "deactivated", "switched off", "turned off", "disarmed"],
    ("off", "sprinkler"): ["off"] * 9 + ["switched off", "turned off", "shut off", "stopped"],
    ("open", "blind"): ["open"] * 8 + ["up", "up", "up", "raised", "opened", "rolled up", "pulled up"],
    ("open", "door"): ["open"] * 8 + ["unlocked", "unlocked", "opened", "wide open"],
    ("close", "blind"): ["closed"] * 7 + ["down", "down", "down", "shut", "shut", "lowered", "drawn", "pulled down",
                                          "rolled down"],
    ("close", "door"): ["closed"] * 7 + ["shut", "shut", "shut", "locked", "locked", "locked", "bolted", "secured"],
}


def forms(verb: str) -> tuple[str, str]:
    """Gerund and participle of one word."""
    if verb in IRREGULAR:
        return IRREGULAR[verb]
    stem = verb.removesuffix("e")
    past = f"{stem}ed"
    if verb.endswith("ee"):
        return f"{verb}ing", f"{verb}d"
    if verb[-1] == "y" and verb[-2] not in "aeou":
        past = f"{verb[:-1]}ied"
    return f"{stem}ing", past


def conjugate(verb: str) -> tuple[str, str, str]:
    """The templates of imperative, gerund and participle: "turn{p} {o}"..., the particle still in "|"."""
    head, bar, particle = verb.partition("|")
    gerund, participle = forms(head)
    return f"{head}{bar}{particle}", f"{gerund}{bar}{particle}", f"{participle} {particle}".strip()


def with_object(verb: str, thing: str, rng: Random, long_object: bool = False) -> str:
    """"turn on the lamp", "turn the lamp on"."""
    head, _, particle = verb.partition("|")
    if not particle:
        return f"{head} {thing}"
    # "get going the fan" is not English, "get the fan going" is.
    behind_only = particle in ("going", "running", "run", "playing") or head in ("get", "let", "keep", "leave", "have")
    behind = behind_only or rng.random() < (0.35 if long_object else 0.52)
    return f"{head} {thing} {particle}" if behind else f"{head} {particle} {thing}"


def random_verb(action: str, device: str, rng: Random) -> str:
    """A verb for the action of the device."""
    return pick(rng, VERBS[action, device])
