"""Fixed sayings, reasons and parts of the day around on, off, open and close."""

from __future__ import annotations

from .text import options

# A part of the day without an hour says nothing in this language.
VAGUE = options("""
tonight; this evening; tomorrow morning; in the morning; in the evening; tomorrow; later; today; this afternoon; in
the afternoon; at night; later today; tomorrow evening; tomorrow night; this morning; for now; for the night; again;
once more; for a while; for a bit; overnight; later on; first thing in the morning; all night
""")
REASONS = {
    "on": {"lamp": options("""
    it's too dark; it is dark; so I can read; I can't see a thing; I want to read; I can't see anything; so I can see
    """),
           "heater": options("""
           it's cold; I'm cold; I'm freezing; it's freezing in here; it is chilly; it's getting cold; we are freezing
           """),
           "fan": options("""
           it's hot; I'm sweating; it's stuffy in here; it's too hot; it's so warm; it smells; it's boiling in here
           """),
           "radio": options("I'm bored; I want to dance; it's too quiet; I want to hear something"),
           "sprinkler": options("""
           the lawn is dry; it's so dry; the grass looks thirsty; the plants are dry
           """), "alarm": []},
    "off": {"lamp": options("""
    I'm going to bed; it's too bright; I want to sleep; I'm leaving; good night; we're going out; nobody needs it
    """),
            "heater": options("""
            it's too warm; it's too hot; I'm sweating; I'm leaving; it's way too hot in here; we're going out
            """),
            "fan": options("it's too noisy; I'm cold; it's too loud; I'm leaving; it's drafty"),
            "radio": options("""
            it's too loud; I want to sleep; I'm trying to work; I have a headache; I need some quiet; it's annoying
            """),
            "sprinkler": options("it's raining; it is raining; the grass is wet; it's wet enough"),
            "alarm": options("I'm awake; I'm up; I'm up already; it's annoying; it's too loud")},
    "open": {"blind": options("""
    to let the sun in; to let some sun in; so the sun can come in; I want some sun; it's dark; the sun is out; I need
    daylight; I want to see the sun
    """),
             "door": options("""
             I'm home; somebody is knocking; I'm coming in; the postman is here; I'm here; my hands are full; for the
             cat; to let the dog out; for the postman; so I can come in
             """)},
    "close": {"blind": options("""
    the sun is blinding me; it's too bright; I want to sleep; the sun is too strong; the neighbours can see us; to
    keep the sun out; so nobody can see in
    """),
              "door": options("""
              it's cold; I'm leaving; there's a draft; it's draughty; we're leaving; I'm going to bed
              """)},
}
# Sayings that only fit one action and device. {r} the room ("the kitchen"), {w} what is watered.
SAYINGS: dict[tuple[str, str], list[str]] = {
    ("on", "lamp"): options("""
    light up {r}; light {r} up; light up {r}; illuminate {r}; let there be light in {r}; I'd like some light in {r};
    can I have some light in {r}; could we have some light in {r}; give me [some] light in {r}; I need [some] light in
    {r}; make light in {r}; some light in {r}; get me some light in {r}; light {r}; put some     light on in {r}; turn
    on some light in {r}; bring some light into {r}; I want light in {r};
    light, please, in {r}; let some light into {r} with the lamp; I need it bright in {r}, lamp on
    """),
    ("on", "heater"): options("""
    heat {r}; heat up {r}; heat {r} up; warm up {r}; warm {r} up; start heating {r}; get {r} warm; make {r} warm;
    start warming up {r}; warm {r}; get some heat into {r}; put some heat on in {r}; I want {r} heated; get {r} heated
    """),
    ("on", "fan"): options("""
    ventilate {r}; start ventilating {r}; get {r} ventilated; I want {r} ventilated; give {r} some ventilation
    """),
    ("on", "radio"): options("""
    play [some] music in {r}; put [some] music on in {r}; start [some] music in {r}; put on some music in {r}; let me
    hear some music in {r}; I want to hear music in {r}; I want [some] music in {r}; some music in {r}; let's have
    some music in {r}; let's hear some music in {r}; I'd like to listen to the radio in {r}; let music play in {r};
    give me some music in {r}; turn on some music in {r}; I'd like some music in {r}; I want to listen to music in
    {r}; stick some tunes on the radio in {r}; let the radio play in {r}
    """),
    ("on", "sprinkler"): options("""
    water {w}; water {w}; water {w}; start watering {w}; give {w} some water; give {w} a watering; get {w} watered; I
    want {w} watered; {w} should be watered; {w} must be watered; {w} could use some water; irrigate {w}; have {w}
    watered; sprinkle {w}; let's water {w}; see that {w} get water; {w} need watering; {w} need to be watered
    """),
    ("off", "sprinkler"): options("""
    stop watering {w}; stop watering {w}; quit watering {w}; enough watering {w}; stop irrigating {w}; end the
    watering of {w}
    """),
    ("off", "lamp"): options("""
    lights out in {r}; lights off in {r}; make {r} dark; no more light in {r}; all lights out in {r}; no lights in {r}
    """),
    ("off", "heater"): options("stop heating {r}; quit heating {r}; no more heating in {r}; no heat in {r}"),
    ("off", "fan"): options("stop ventilating {r}; no more ventilation in {r}"),
    ("off", "radio"): options("""
    no more music in {r}; stop playing music in {r}; enough music in {r}; stop the music playing in {r}; no music in
    {r}; enough of the radio in {r}
    """),
    ("open", "door"): options("open {g}; open {g}; unlock {g}; open up {g}; open {g} up"),
    ("close", "door"): options("close {g}; shut {g}; lock {g}; lock up {g}; close up {g}; lock {g} up; lock {g}"),
}
ROOMLESS_SAYINGS: dict[tuple[str, str], list[str]] = {
    ("on", "lamp"): options("""
    let there be light; let there be light; let there be light please; some light please; shine a light; lights on;
    lights; on with the lights; light please; hit the lights on; I need [some] light;
    give me [some] light; I want [some] light; lights please; on with the lamp
    """),
    ("off", "lamp"): options("""
    lights out; lights out; lights off; out with the lights; off with the lights; all lights out; lamps out; off with
    the lamp
    """),
    ("on", "radio"): options("""
    play [some] music; play me some music; put [some] music on; play something on the radio; I want to hear [some]
    music; some music; music; let's have some music; put on some tunes on the stereo; let the music play; music on;
    start some music; let's hear some music; how about some music; let's listen to some music; I'd like to hear the
    radio; on with the music; play the radio; put some music on; I'm in the mood for some music; give us some music;
    let's listen to the radio; turn some music on; unmute the volume
    """),
    ("off", "radio"): options("""
    stop the music; no more music; enough music; enough of that music; stop playing music; mute; mute the volume;
    volume off; music off; quiet the radio; cut the music; mute it on the radio; make the radio be quiet; off with the
    music; stop the music playing; make the music stop; I've had enough of the radio
    """),
    ("on", "heater"): options("""
    heat on; heating on; start heating; on with the heating; heat up the house; warm up the house; warm the house up;
    heat the house; get some heat going; get the house warm; put some heat on; turn on some heat
    """),
    ("off", "heater"): options("""
    heat off; heating off; stop heating; off with the heating; stop heating the house; no more heating
    """),
    ("on", "fan"): options("""
    fan on; on with the fan; start ventilating; ventilation on; let the fan spin; let the fan run; get some
    ventilation going
    """),
    ("off", "fan"): options("""
    fan off; off with the fan; stop ventilating; ventilation off; make the fan stop; stop the fan spinning
    """),
    ("on", "sprinkler"): options("""
    water {w}; start watering; watering on; start the watering; on with the sprinklers; let the sprinklers run; let
    the sprinkler run; sprinkle {w}; get the watering going; run the watering
    """),
    ("off", "sprinkler"): options("""
    stop watering; stop the watering; watering off; off with the sprinklers; enough watering; stop watering {w}; end
    the watering; that's enough water for {w}
    """),
    ("on", "alarm"): options("alarm on; alarm clock on; start the timer; timer on; set the alarm on; arm the alarm"),
    ("off", "alarm"): options("""
    alarm off; alarm clock off; timer off; stop that alarm; stop ringing, alarm; make the alarm stop; make that alarm
    be quiet; stop the alarm ringing; shut that alarm up; stop the beeping of the timer; off with the alarm; make the
    timer stop; stop the timer
    """),
    ("open", "blind"): options("""
    up with the blinds; blinds up; blinds open; up with the shutters; shutters up; curtains open; open the blinds all
    the way; open the curtains all the way; raise the blinds all the way; roll the shutters all the way up; pull the
    shades all the way up; open the curtains wide; open the shutters completely; open all the blinds all the way;
    fling open the curtains; draw the curtains open; draw back the curtains; pull back the curtains; pull the curtains
    back; pull the curtains open; draw the curtains back
    """),
    ("close", "blind"): options("""
    down with the blinds; blinds down; blinds closed; down with the shutters; shutters down; curtains closed; close
    the blinds all the way; draw the curtains; draw the curtains; draw the blinds; close the curtains all the way;
    pull the curtains closed; pull the curtains shut; pull the curtains together; lower the blinds all the way; roll
    the shutters all the way down; close the shutters completely; pull the shades all the way down; draw all the
    curtains; curtains shut
    """),
    ("open", "door"): options("""
    open sesame, door; let me in through the door; hold the door open; get the door open; open the door wide; door
    open; gate open; open the door all the way; open the gate all the way; open the doors wide; swing the gate wide
    open; leave the door open
    """),
    ("close", "door"): options("""
    lock the door tight; door shut; gate shut; shut the door behind me; close the door behind me; lock all the doors;
    lock the doors; lock up all the doors; close the door all the way; shut the gate behind us; bolt the door; lock
    the door behind me; lock up the doors; close the gate after me; doors locked
    """),
}
WATERED = options("""
the lawn; the lawn; the plants; the plants; the flowers; the flowers; the grass; my plants; our lawn; the roses; the
flower beds; my flowers; the flowerbeds
""")
GARDENS = options("""
the garden; the garden; the garden; the yard; the yard; the backyard; my garden; our garden; our yard; the back yard
""")

# The device moves by itself: "the heating should come on at six".
MOVES: dict[tuple[str, str], str] = {
    ("on", ""): "(come on|come on|turn on|switch on|go on|start|be on)",
                                     ("off", ""): "(go off|turn off|switch off|shut off|stop|be off)",
    ("on", "fan"): "(come on|turn on|run|start|start running|be on)",
                                     ("off", "fan"): "(stop|go off|turn off|stop running)",
    ("on", "radio"): "(come on|play|start playing|turn on|go on)",
                                     ("off", "radio"): "(stop|go off|stop playing|turn off)",
    ("on", "sprinkler"): "(run|start|come on|go on|start running)",
                                     ("off", "lamp"): "(go off|go out|turn off|switch off|be off)",
    ("open", ""): "(open|open|go up|open up|be open)", ("close", ""): "(close|close|go down|shut|come down|be closed)",
    ("open", "door"): "(open|open|unlock|swing open|open up)", ("close", "door"): "(close|close|shut|lock|be locked)",
}
SCHEDULES = options("""
set {o} to {v}; set {o} to {v}; schedule {o} to {v}; program {o} to {v}; I want {o} to {v}; I'd like {o} to {v}; get
{o} to {v}; I need {o} to {v}; have {o} {v}; make {o} {v}; let {o} {v}; {o} should {v}; {o} can {v}; {o} must {v};
time for {o} to {v}; it's time for {o} to {v}; {o} may {v}; tell {o} to {v}; I'd like to have {o} {v}; could {o} {v};
can {o} {v}
""")
SEEN_TO = options("""
see that {o} {v}; see to it that {o} {v}; make sure {o} {v}; make sure that {o} {v}; ensure {o} {v}; please see that {o}
{v}; please see to it that {o} {v}; please make sure {o} {v}; can you make sure {o} {v}; could you see that {o} {v}; be
sure {o} {v}; take care that {o} {v}; I want to be sure {o} {v}; arrange that {o} {v}; please arrange that {o} {v}; I'd
like it if {o} {v}; it's time {o} {v}
""")
# The last ones also do without a time.
UNTIMED_SCHEDULES = 12
IMPERATIVES = frozenset("""
light illuminate heat warm ventilate water play put start stop irrigate sprinkle bring quit open unlock lock shut
close mute pull roll raise draw
give turn
""".split())
