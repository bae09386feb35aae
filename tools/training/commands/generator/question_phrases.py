"""What people ask."""

from __future__ import annotations

from .text import options

# {o} the thing, {b} is/are, {w} was/were, {h} has/have, {d} does/do, {s} a state, {p} "turned off",
# {v} "turn off the lamp".
DIRECT = options("""
{b} {o} {s}; {b} {o} {s}; {b} {o} {s}; {b} {o} {s}; {b} {o} {s}; {b} {o} still {s}; {b} {o} still {s}; {b} {o} {s}
right now; {b} {o} {s} now; {b} {o} {s} at the moment; {b} {o} currently {s}; {b} {o} already {s}; {b} {o} really {s};
is it true that {o} {b} {s}; {b}n't {o} {s}; did I leave {o} {s}; did I leave {o} {s}; have I left {o} {s}; did we
leave {o} {s}; did (anyone|anybody|someone|somebody|the kids|you) leave {o} {s}; has (anyone|anybody|somebody|someone)
left {o} {s}; did I forget to {v}; did (anyone|anybody|somebody|someone) forget to {v}; did I remember to {v}; {h} {o}
been {p}; {h} {o} been {p} yet; {h} {o} been left {s}; {w} {o} left {s}; has (anyone|anybody|someone|somebody) {e};
did (anyone|anybody|someone|somebody|I|we|you) {v}; have (you|I|we) {e}; are you sure {o} {b} {s}; {o} {b} {s}, right;
{o} {b} {s}, {b}n't {y}; {b} {o} {s} or not; {d} {o} seem {s}; so {b} {o} {s}; {b} {o} {s} again; {b} {o} {s}
yet; {b} {o} {s} just now; has somebody left {o} {s}; I think {o} {b} {s}, {b} {y}; {b} {o} properly {s}; {b} {o} still
{s} or {z}; who left {o} {s}; why {b} {o} {s}; who {e}; {b} {o} {s}, I wonder; will {o} be {s}; {b} {o} actually {s};
did
I really {v}; did (Mum|Dad|the children|the cleaner|my wife|my husband) {v}; did (Mum|Dad|the children) leave {o} {s};
{b} {o} {s} like I asked
""")
# Words before "the lamp is on"; {i} is if or whether.
INDIRECT = options("""
tell me {i}; tell me {i}; let me know {i}; check {i}; check {i}; please check {i}; find out {i}; do you know {i}; do
you know {i}; can you tell me {i}; can you tell me {i}; could you tell me {i}; could you check {i}; can you check {i};
would you check {i}; can you see {i}; I wonder {i}; I wonder {i}; I want to know {i}; I'd like to know {i}; I would
like to know {i}; I was wondering {i}; I'm wondering {i}; please tell me {i}; look {i}; see {i}; go and see {i}; have
a look {i}; take a look {i}; could you look {i}; any idea {i}; I need to know {i}; do you happen to know {i}; could
you find out {i}; would you tell me {i}; could you please tell me {i}; can you please check {i}; I can't remember {i};
I forgot {i}; I'm not sure {i}; could you let me know {i}; can you say {i}; can you confirm {i}; confirm {i}; would
you mind checking {i}; would you mind telling me {i}; can you find out {i}; may I know {i}; can you have a look {i};
just tell me {i}; report {i}; is it possible to know {i}; could you see {i}; I'd love to know {i}; I don't know {i};
will you tell me {i}; could you quickly check {i}; can you look {i}; please let me know {i}; please find out {i}; I
have no idea {i}; check for me {i}; would you know {i}
""")
STATUS = options("""
what's the (state|status) of {o}; what is the (state|status) of {o}; what's the current (state|status) of {o}; how {b}
{o} set; what {b} {o} doing; what {b} {o} set to; what {b} {o} set to right now; what level {b} {o} at; how many
percent {b} {o} at; what percentage {b} {o} at; what percent {b} {o} at; in what state {b} {o}; status of {o}; state
of {o}; {o} status; {o} state; give me the status of {o}; show me the (state|status) of {o}; tell me the
(state|status) of {o}; tell me about the state of {o}; what setting {b} {o} on; what's the setting of {o}; how long
{h} {o} been {s}; how long will {o} be {s}; since when {b} {o} {s}; for how long {h} {o} been {s}; at what level {b}
{o}; to what percentage {b} {o} set; at what percentage {b} {o}; what state {b} {o} in; what condition {b} {o} in;
report the status of {o}; can you tell me the (state|status) of {o}; could you tell me the (state|status) of {o};
what's up with {o}; on what level {b} {o}; I'd like to know the (state|status) of {o}; check the (state|status) of
{o}; {b} {o} {s} or {z}; tell me whether {o} {b} {s} or {z}; when will {o} be {s}; {o},
{s} or {z}; {o}, {s} or not; {b} {o} {s} just now; and {o}, {b} {y} {s}; {o}: {s} or {z}
""")
SPECIAL: dict[str, list[str]] = {
    "lamp": options("""
    is there [still] [a] light on {r}; is there [still] light {r}; are there [any] lights on {r}; are any lights on
    {r}; is any light on {r}; which lights are on {r}; what lights are on {r}; how many lights are on {r}; are the
    lights on {r}; is (a|any|some) lamp still on {r}; how bright is the (lamp|light) {r}; how bright are the lights
    {r}; what's the brightness of the (lamp|light) {r}; which lamps are [still] on {r}; is there a lamp on {r}; is
    there a light burning {r}; is the light still burning {r}; are all [the] lights off {r}; are all the lamps out
    {r}; is every light off {r}; did anybody leave a light on {r}; did I leave a light on {r}; has somebody left the
    lights on {r}; what brightness is the lamp {r} at; how far is the (lamp|light) dimmed {r}; is the light dimmed
    {r}; how many lamps are on {r}; do we have a light on {r}; are the lights out {r}; at what brightness is the
    (light|lamp) {r}
    """),
    "heater": options("""
    how (warm|warm|cold|hot) is it {r}; how (warm|warm|cold|hot) is it {r}; what temperature is it {r}; what
    temperature is it {r}; what's the temperature {r}; what is the temperature {r}; what's the temperature {r}; what's
    the current temperature {r}; how many degrees is it {r}; how many degrees do we have {r}; is it (warm|cold|warm
    enough|hot) {r}; what temperature do we have {r}; what's the heating set to {r}; what temperature is the heating
    set to {r}; what does the thermostat say {r}; what does the thermostat show {r}; what is the thermostat set to
    {r}; what's the thermostat at {r}; is there [any] heat {r}; is the heat on {r}; how high is the heating {r}; tell
    me the temperature {r}; can you tell me the temperature {r}; tell me how (warm|cold) it is {r}; do you know how
    (warm|cold) it is {r}; I wonder how (warm|cold) it is {r}; temperature {r}; current temperature {r}; could you
    tell me how (warm|cold) it is {r}; which temperature is it {r}; what temperature is the radiator set to {r};
    what's the thermostat reading {r}; how warm is the radiator {r}; is the radiator (warm|hot|still hot|cold)
    {r}; is the heater (warm|hot) {r}; how many degrees have we got {r}; how warm have we got it {r}; give me the
    temperature {r}; read me the temperature {r}; is the heating working {r}; check the temperature {r}; how hot does
    the heater run {r}; I'd like to know the temperature {r}; what's the room temperature {r}; could you check how
    warm it is {r}; do you know the temperature {r}; what's the temp {r}
    """),
    "fan": options("""
    how fast is the fan (running|spinning|going) {r}; what speed is the fan at {r}; is the ventilation running {r};
    what's the fan speed {r}; is there [any] ventilation {r}; what's the speed of the fan {r}; is the fan still
    spinning {r}; does the fan run {r}; is a fan running {r}; at what speed is the fan running {r}; is the fan working
    {r}; are any fans on {r}; what speed is the fan set to {r}; how long will the fan [still] run {r}; how high is the
    fan set {r}
    """),
    "blind": options("""
    how far are the (blinds|shutters|curtains) open {r}; how far open are the (blinds|shutters|curtains) {r}; how far
    is the blind (open|closed|down) {r}; how much is the blind open {r}; how many percent is the (blind|shutter)
    (open|closed) {r}; which blinds are (open|closed|down|up) {r}; are all the (blinds|shutters|curtains)
    (closed|down|open) {r}; are any (blinds|curtains|shutters) open {r}; what position are the (blinds|shutters) in
    {r}; what's the position of the (blind|shutter) {r}; how far down are the (blinds|shades) {r}; are the curtains
    drawn {r}; when will the (blinds|shutters) (open|close|go up|go down) {r}; when do the (blinds|shutters)
    (open|close|go up|come down) {r}; is any blind open {r}
    """),
    "door": options("""
    is [there] a door open {r}; are any doors open {r}; is any door (open|unlocked) {r}; which doors are
    (open|locked|unlocked) {r}; are all [the] doors (closed|locked|shut) {r}; how far is the door open {r}; did
    (I|someone|anyone|we) lock the door {r}; did (I|someone|anyone|we) (close|shut) the (door|gate) {r}; is every door
    locked {r}; did (I|we) leave a door open {r}; have (I|we|you) locked the (door|gate) {r}; is there an open door
    {r}; has the door been locked {r}; are the doors all locked {r}; can you see if the door is locked {r}; is the
    door ajar {r}
    """),
    "radio": options("""
    is [there] [any] music (playing|on) {r}; is the music [still] playing {r}; what's the volume {r}; what is the
    volume {r}; how loud is the (music|radio|stereo) {r}; what volume is the (music|radio) at {r}; is the radio
    playing {r}; what's the volume of the (radio|music|stereo) {r}; is the volume up {r}; how loud is the volume {r};
    how high is the volume {r}; tell me the volume {r}; what is the volume set to {r}; at what volume is the
    (radio|stereo) playing {r}; is the volume muted {r}; is there still music {r}; is someone playing music {r};
    volume level {r}
    """),
    "sprinkler": options("""
    is the lawn being watered; has the lawn been watered; did you water the (lawn|plants|flowers); have the
    (plants|flowers) been watered; when will the lawn be watered; has anyone watered the (plants|lawn|flowers); is the
    (sprinkler|irrigation) running {r}; when (does|will) the sprinkler (start|run|come on|go on) {r}; when do the
    sprinklers (start|run|come on) {r}; are the (plants|flowers) being watered; are any sprinklers on {r}; when does
    the irrigation (start|run) {r}; how long (will|does) the sprinkler run {r}; how long will the sprinklers be on
    {r}; was the lawn watered [today]; were the (plants|flowers) watered [today]; have you watered the
    (lawn|plants|flowers) [yet]; did someone water the (lawn|flowers|plants); do the plants get water; when is the
    irrigation (on|scheduled) {r}; at what time (does|will) the sprinkler (start|run) {r}; what time (does|will) the
    sprinkler (start|run) {r}; how much longer will the sprinklers run {r}
    """),
    "alarm": options("""
    when does (the|my) alarm [clock] (ring|go off|sound); when does (the|my) alarm [clock] (ring|go off|sound); when
    will (the|my) alarm [clock] (ring|go off|sound); what time is (my|the) alarm [clock] set for; what time is
    (my|the) alarm [set for]; what time does (my|the) alarm (ring|go off); for what time is (my|the) alarm set; for
    when is (my|the) alarm set; is (an|my|the) alarm set; is there an alarm set; do I have an alarm [set]; do I have
    any alarms [set]; have you set (my|the|an) alarm; did (I|you) set (my|the|an) alarm; is (my|the) alarm [clock]
    set; how much time is left on the timer; how much time is left on (my|the) timer; how long is left on the timer;
    how many minutes are left on the timer; how much longer on the timer; how long does the timer still (run|have);
    how much time does the timer have left; is (the|a) timer [still] running; when does the timer (end|ring|go
    off|finish|run out); when will the timer (ring|go off|be done|finish); is the timer (done|finished|set|up) [yet];
    when is my alarm; when's my alarm; when will you wake me [up]; when are you going to wake me [up]; what time will
    you wake me [up]; at what time will you wake me [up]; which alarms are set; what alarms are set; what alarms do I
    have; are any alarms set; are there any timers running; at what time does (my|the) alarm (ring|go off); tell me
    when (my|the) alarm (rings|goes off); do you know when (my|the) alarm (rings|goes off); can you tell me when
    (the|my) alarm is set for; I wonder when (the|my) alarm (rings|goes off); how long until (my|the) alarm
    (rings|goes off); how long until the timer (ends|goes off); how long before (my|the) alarm goes off; show me my
    alarms; what is (my|the) alarm set to; what's the timer at; how many minutes until (the|my) alarm; list my alarms;
    time left on the timer; how much time remains on the timer; what's left on the timer; how long has the timer got
    [left]; has the timer
    gone off [yet]; has the alarm gone off [yet]; did the alarm ring [today]; have I got an alarm [set]; have we got
    an alarm
    [set]; when is the alarm going to
    ring; when is (my|the) next alarm; what time am I being woken by the alarm; tell me how much time is left on the
    timer; did I turn on my alarm; what's my alarm set for; can you tell me what time my alarm is set for; remaining
    time on the timer
    """),
}
ROOM_QUESTIONS = options("""
how (warm|warm|cold|hot) is {n}; what temperature is {n}; what's the temperature of {n}; is {n} (warm|cold|warm
enough|heated); how many degrees does {n} have; tell me how (warm|cold) {n} is; do you know how (warm|cold) {n} is; is
{n} still (warm|cold|cool); what's {n} temperature; can you tell me how (warm|cold) {n} is; {n} temperature
""")
TIMED: dict[str, list[str]] = {
    "alarm": options("""
    is (the|my|an) alarm set {f}; do I have an alarm {a}; do I have an alarm {f}; is there an alarm {a}; is there an
    alarm set {f}; did I set an alarm {f}; have I set an alarm {f}; will the alarm ring {a}; does (my|the) alarm
    (ring|go off) {a}; will you wake me {a}; is my alarm {a}; did you set the alarm {f}; is my {c} alarm (on|set|still
    on|active); have you set an alarm {f}; tell me if my alarm is set {f}; check if the alarm is set {f}; is the alarm
    going off {a}
    """),
    "sprinkler": options("""
    will the sprinkler (run|start|be on) {a}; are the sprinklers (set|scheduled|planned) {f}; does the sprinkler
    (run|start) {a}; do the sprinklers come on {a}; is the irrigation (set|scheduled) {f}
    """),
}
QUESTION_TAILS = ["please"] * 3 + ["do you know", "by any chance", "thanks", "by the way", "can you tell me",
                                   "can you check"]
