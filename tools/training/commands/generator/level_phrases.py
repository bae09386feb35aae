"""What people say for percentages and degrees."""

from __future__ import annotations

from .text import options
from .verbs import weighted_verbs

_COMMON = """
        set * 30; put * 9; turn * 8; adjust * 5; bring * 4; change * 5; make * 1; move * 2; keep * 3; leave * 2; get *
        2; regulate * 1; hold; fix; take"""
LEVEL_VERBS: dict[str, str] = {
    "lamp": _COMMON + """
        ; dim * 22; brighten * 8; lower * 5; raise * 4; turn|on * 9; switch|on * 5; turn|down * 5; turn|up * 5; reduce
        * 3; fade * 2; increase * 2; bring|down * 2; bring|up; put|on * 2; take|down; light; dim|down * 2; tone|down;
        start; drop; cut""",
    "heater": _COMMON + """
        ; turn|up * 6; turn|down * 6; raise * 3; lower * 3; turn|on * 5; switch|on * 3; run * 4; crank|up * 3; reduce
        * 2; increase * 2; start; drop; crank; put|on; bump|up; cut""",
    "fan": _COMMON + """
        ; turn|up * 6; turn|down * 6; run * 9; turn|on * 7; switch|on * 4; slow|down * 4; speed|up * 3; start * 2;
        reduce * 2; increase * 2; crank|up * 2; lower * 2; raise; spin; slow; put|on; crank""",
    "blind": _COMMON + """
        ; open * 26; close * 20; raise * 9; lower * 12; shut * 4; pull|up * 4; pull|down * 4; roll|up * 4; roll|down *
        4; lift * 4; draw * 3; bring|down * 2; put|down; drop * 2; let|down * 2; open|up""",
    "door": """
        open * 50; set * 10; close * 10; put * 2; leave * 3; keep * 3; raise; lower; crack|open; swing|open; move;
        push|open * 2; slide|open; open|up; get; adjust; pull|open""",
    "radio": _COMMON + """
        ; turn|up * 10; turn|down * 10; lower * 6; raise * 3; play * 9; crank|up * 4; turn|on * 5; switch|on * 3;
        reduce * 2; quieten|down; increase; crank; put|on * 2; start; drop; quiet""",
    "sprinkler": _COMMON + """
        ; run * 10; turn|on * 8; turn|up * 4; turn|down * 4; switch|on * 4; start * 2; reduce; lower; open * 2;
        increase""",
}
SET_VERBS = {device: weighted_verbs(listing) for device, listing in LEVEL_VERBS.items()}
DOWN = ("dim", "lower", "turn|down", "reduce", "fade", "bring|down", "take|down", "dim|down", "tone|down", "drop",
        "cut", "slow|down", "slow",
        "quieten|down", "quiet")
# The measured side of a device: "the brightness of the lamp".
PROPERTIES: dict[str, list[str]] = {
    "lamp": ["brightness"] * 6 + ["level", "intensity", "brightness level"], "heater": ["level", "power", "output"],
    "fan": ["speed"] * 5 + ["power", "level"], "blind": ["position", "opening"],
                                    "radio": ["volume"] * 8 + ["loudness", "volume level"],
    "sprinkler": ["power", "level", "pressure", "flow"],
}
WAYS = {33: "a third of the way; one third of the way", 25: "a quarter of the way; one quarter of the way",
        67: "two thirds of the way; two-thirds of the way",
        75: "three quarters of the way; three-quarters of the way", 20: "a fifth of the way", 10: "a tenth of the way"}
ALL_UP: dict[str, list[str]] = {
    "lamp": options("""
    set {o} all the way up; turn {o} all the way up; dim {o} all the way up; turn {o} up all the way; brightness of
    {o} all the way up; {o} to full brightness; set {o} to full brightness; turn {o} up to full; {o} at full
    brightness; {o} on full brightness; put {o} on full; set {o} to the maximum; make {o} as bright as possible; full
    brightness for {o}; turn {o} on at full brightness; turn {o} up to the maximum; turn {o} on full; {o} on full; max
    out {o}; full light from {o}
    """),
    "heater": options("""
    turn {o} all the way up; turn {o} up all the way; set {o} all the way up; {o} on full; {o} at full power; turn {o}
    up to the maximum; put {o} on full; run {o} at full power; crank {o} all the way up; turn {o} up full; {o} to the
    max; set {o} to full power; turn {o} on full blast; {o} on full blast; max out {o}
    """),
    "fan": options("""
    turn {o} all the way up; set {o} to full speed; {o} at full speed; run {o} at full speed; {o} on full; put {o} on
    full; turn {o} up to the maximum; turn {o} up all the way; {o} on maximum speed; {o} to full power; set {o} all
    the way up; {o} on full blast; full speed on {o}; crank {o} all the way up; turn {o} on at maximum speed; run {o}
    on full
    """),
    "blind": options("""
    set {o} to maximum; set {o} all the way up; {o} to full; set {o} to full
    """),
    "radio": options("""
    turn {o} all the way up; turn {o} up to full volume; play {o} at full volume; {o} at full volume; set {o} to full
    volume; {o} to the max; crank {o} all the way up; turn {o} up to the maximum; {o} on full blast; put {o} on full
    volume; play {o} at maximum volume; {o} on full volume; set {o} to maximum; turn {o} up full; full volume for {o}
    """),
    "sprinkler": options("""
    turn {o} all the way up; set {o} to full power; run {o} at full power; {o} on full; {o} at full power; set {o} to
    maximum; turn {o} up to the maximum
    """),
    "door": options("set {o} to full; set {o} to maximum"),
}
HALF_STATES: dict[str, list[str]] = {
    "lamp": options("""
    set {o} to half brightness; {o} at half brightness; {o} on half; half brightness for {o}; turn {o} down to half
    brightness; dim {o} by half; dim {o} halfway; {o} at half power; turn {o} on at half brightness; turn {o} halfway
    down; put {o} on half; {o} half on; dim {o} down halfway
    """),
    "heater": options("""
    {o} on half; run {o} at half power; set {o} to half power; {o} at half power; turn {o} halfway up; put {o} on
    half; turn {o} up halfway; turn {o} to half
    """),
    "fan": options("""
    set {o} to half speed; {o} at half speed; run {o} at half speed; {o} on half; put {o} on half; turn {o} halfway
    up; run {o} at half power; turn {o} down to half speed; slow {o} to half speed; {o} half speed
    """),
    "blind": options("""
    open {o} halfway; close {o} halfway; {o} halfway; {o} half open; {o} half closed; pull {o} halfway down; pull {o}
    halfway up; lower {o} halfway; raise {o} halfway; put {o} halfway; leave {o} half open; I want {o} half open; half
    open {o}; half close {o}; {o} half way down; {o} halfway up; {o} halfway down; roll {o} halfway down; open {o} by
    half; roll {o} down halfway; bring {o} halfway down; set {o} half open; get {o} half closed; I'd like {o} halfway
    open; open {o} half way; close {o} half way; draw {o} halfway; let {o} down halfway; keep {o} half closed; make
    {o} half open; shut {o} halfway; {o} should be half open
    """),
    "radio": options("""
    turn {o} to half volume; play {o} at half volume; set {o} to half volume; {o} at half volume; turn {o} down to
    half; {o} on half volume; put {o} on half; {o} half volume; turn {o} halfway up; turn {o} down halfway
    """),
    "sprinkler": options("""
    set {o} to half power; run {o} at half power; {o} on half; {o} at half power; open {o} halfway
    """),
    "door": options("""
    open {o} halfway; open {o} half way; {o} half open; leave {o} half open; close {o} halfway; I want {o} half open;
    keep {o} half open; raise {o} halfway; open {o} by half; {o} halfway; lift {o} halfway; half open {o}; swing {o}
    halfway open
    """),
}
PERCENT_NOUN_PHRASES = options("""
{o} {v}; {o} {v}; {o} {v}; {o} {l}; {o} {l}; {o} {l}; {o} at {v}; {o} on {v}; I want {o} at {v}; I want {o} at {v};
I'd like {o} at {v}; I need {o} at {v}; I want {o} set to {v}; {o} should be at {v}; give me {o} at {v}; {o} on at
{v}; make sure {o} {b} at {v}; I'd like {o} to be at {v}; let {o} be at {v}; {v} {o}; {v} on {o}; {v} for {o}; get {o}
to {v}; can I have {o} at {v}; can we have {o} at {v}; could we have {o} at {v}; {o} should go to {v}; let's have {o}
at {v}; have {o} at {v}; I want {o} to go to {v}; {o} must be at {v}; set {v} for {o}; set {v} on {o}; give {o} {v};
{o}: {v}; {o}, {v}; I would like {o} at {v}; {o} to be at {v}; we need {o} at {v}
""")
OPENING_PHRASES = options("""
{o} {v} open; leave {o} {v} open; I want {o} {v} open; keep {o} {v} open; {o} should be {v} open; {o} {v} closed; I
want {o} {v} closed; set {o} {v} open; put {o} {v} open; make {o} {v} open; get {o} {v} open; {o} open at {v}; {o}
open to {v}; I'd like {o} {v} open; can we have {o} {v} open; open {o} {v}; close {o} {v}; {o} open {v}; let {o} be
{v} open
""")
DEGREE_VERBS = weighted_verbs("""
        set * 40; turn * 10; put * 9; adjust * 5; change * 6; bring * 4; make * 2; keep * 6; hold * 2; leave * 2;
        raise * 4; lower * 4; turn|up * 9; turn|down * 8; crank|up * 2; take * 1; get * 2; drop * 2; bump|up; increase
        * 2; reduce * 2; bring|up; bring|down; regulate; run; crank; fix; program * 2; switch; move""")
ROOM_DEGREES = options("""
make it a cosy {v} in {r}; set a temperature of {v} in {r}; I want a temperature of {v} in {r}; have it {v} in {r};
set {r} temperature to {v}; heat {r} to {v}; heat {r} to {v}; heat {r} to {v}; heat {r} up to {v}; warm {r} up to {v};
warm {r} to {v}; warm up {r} to {v}; heat up {r} to {v}; get {r} to {v}; get {r} up to {v}; bring {r} to {v}; bring
{r} up to {v}; cool {r} to {v}; cool {r} down to {v}; keep {r} at {v}; hold {r} at {v}; set {r} to {v}; set {r} to
{v}; I want {r} at {v}; I'd like {r} at {v}; {r} at {v}; {r} to {v}; make {r} {v}; I want {r} to be {v}; {r} should be
{v}; {r} should be at {v}; I want {r} heated to {v}; I'd like {r} heated to {v}; let's have {r} at {v}; {r} {v}; have
{r} at {v}; I need {r} at {v}; make sure {r} is at {v}; maintain {v} in {r}; make it {v} in {r}; I want {v} in {r};
I'd like {v} in {r}; {v} in {r}; set {v} in {r}; I want it {v} in {r}; I want it to be {v} in {r}; it should be {v} in
{r}; let it be {v} in {r}; keep it at {v} in {r}; keep it {v} in {r}; get it to {v} in {r}; give me {v} in {r}; set it
to {v} in {r}; it wants to be {v} in {r}; it has to be {v} in {r}; it needs to be {v} in {r}; {r} wants to be {v}; {r}
should be {v};
{r} has to be {v}; {r} needs {v}; {r} at {v}; it must be {v} in {r}; see that it is {v} in {r}; make sure it is {v} in
{r};
I want to have {v} in {r}; it ought to be {v} in {r}; let it be {v} in {r}; get me {v} in {r}; aim for {v} in {r}; {r}
to {v};
{r}, {v}; I like it at {v} in {r}; we want {v} in {r}; can we have {v} in {r}; could we have {v} in {r}; let's have
{v} in {r}; we need {v} in {r}
""")
HOUSE_DEGREES = options("""
make it a cosy {v}; set a temperature of {v}; heat the whole house to {v}; heat to a temperature of {v}; make it {v};
make it {v} in here; heat the house to {v}; I want it {v}; keep it at {v}; heat to {v}; heat up to {v}; warm up to
{v}; warm the house to {v}; set it to {v}; I'd like {v} in here; keep the house at {v}; get the house to {v}; bring
the house to {v}; cool the house to {v}; it should be {v} in here; heat the place to {v}; warm it up to {v}; let's
have {v}; cool down to {v}; hold {v}; it wants to be {v} in
here; it has to be {v} in here; it needs to be {v}; it must be {v} in here; see that it is {v} in here; aim for {v}; it
ought to be {v} in here; let it be {v}
""")
DEGREE_NOUN_PHRASES = options("""
{o} {v}; {o} {v}; {o} {v}; {o} to {v}; {o} to {v}; {o} at {v}; I want {o} at {v}; I'd like {o} at {v}; {o} on {v}; {o}
should be {v}; {o} should be at {v}; I need {o} at {v}; give me {o} at {v}; I want {o} set to {v}; make sure {o} {b}
at {v}; make sure {o} {b} set to {v}; {v} on {o}; let {o} be at {v}; can we have {o} at {v}; I'd like {o} to be at
{v}; {o} set to {v}; {o}: {v}; {o} up to {v}; {o} down to {v}; {o} must be at {v}; could we have {o} at {v}; I'd like
{o} set to {v}; let's have {o} at {v}; have {o} at {v}; I'd like {o} on {v}; set {v} on {o}; {o} on at {v}
""")
BLIND_PHRASES = options("""
{o} {v} down; {o} {v} up; {o} {v} of the way down; pull {o} {v} of the way down; pull {o} down {v}; lower {o} {v};
lower {o} by {v}; raise {o} by {v}; open {o} by {v}; close {o} by {v}; roll {o} down {v}; raise {o} {v} of the way;
lower {o} {v} of the way; {o} down {v}; {o} up {v}; leave {o} {v} down; I want {o} {v} down; close {o} {v} of the way;
open {o} up {v}; put {o} {v} down; bring {o} down {v}
""")
