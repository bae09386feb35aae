"""Sentences that are not about the eight devices.

Slots: {switched}, {opened}, {person}, {city}, {country}, {food}, {animal}, {subject}, {event}, {show}, {chore},
{adjective}, {number}, {other}, {time}, {minutes}, {room}.
"""

from .text import options

TALK = options("""
hello; hi; hey; hi there; hello there; good morning; good evening; good afternoon; good night; goodbye; bye; bye bye;
see you later; see you tomorrow; thanks; thank you; thank you very much; thanks a lot; thanks, you're {adjective};
well done; good job; great; okay; ok; yes; maybe; sure; hmm; what; why; how are you; how are you today; how do you do;
how's it going; what's up; how was your day; what's new; are you there; are you awake; can you hear me; do you hear
me; are you listening; who are you; what are you; what's your name; what is your name; how old are you; where are you
from; who made you; are you a robot; are you human; are you real; are you {adjective}; you are {adjective}; you're
{adjective}; you're so {adjective}; you are the best; you are an idiot; you idiot; shut up; be quiet; leave me alone;
go away; I love you; I hate you; do you love me; do you like me; will you marry me; what can you do; help; help me;
what do you think; what's your favourite colour; what's your favorite food; do you dream; do you sleep; do you like
{food}; do you like {animal}s; do you know {person}; my name is {person}; I'm {person}; nice to meet you; pleased to
meet you; welcome home; I'm home; I'm back; I'm leaving; I'm tired; I'm hungry; I am hungry; I'm thirsty; I'm bored;
I'm happy; I'm sad; I'm sick; I feel sick; I feel {adjective}; I have a headache; my back hurts; my head hurts; I'm
late; I am late for work; I'm so {adjective}; I can't sleep; I had a bad day; I had a great day; today was
{adjective}; it's my birthday; happy birthday; merry christmas; happy new year; congratulations; good luck; bless you;
cheers; sorry; I'm sorry; excuse me; oh no; wow; oops; that's {adjective}; that's {adjective}, thanks; this is
{adjective}; the party was {adjective}; what a {adjective} day; life is {adjective}; ha ha; lol; I don't know; I don't
care; who cares; whatever; nothing; say something; say hello; say hello to {person}; say hi to {person}; talk to me;
let's talk; let's talk about {subject}; I need a friend; I need a hug; I miss you; I miss {person}; speak louder;
speak slower; repeat that; say that again; what did you say; can you repeat that; I didn't understand; do you
understand me; do you speak French; do you speak Spanish; are you my friend; you look {adjective} today; guess what;
knock knock; testing; testing one two three; test; blah blah blah; la la la; asdf; qwerty; banana banana; abc; hello
world; one two three; {number} {other}; {food}; {animal}; {city}; {subject}; what the heck; oh my god; no way; of
course; I think so; I don't think so; that's right; that's wrong; you're right; you're wrong; you were right; is that
true; really; are you sure; I'm fine; I'm fine, thank you; I'm good; not bad; so so; I agree; I disagree; I'm just
kidding; never say never; time flies; what's going on; what happened; it's late; long time no see
""")
WISHES = options("""
be an angel and make me {food}; be a dear and fetch {food}; let there be {food}; let there be peace; I want to see
{city} one day; see that {person} gets home; see that {person} gets {food}; make sure {person} calls back; make sure
we have enough {food}; make sure there is {food} for {number} people; have {food} ready at {time}; could I have {food}
at {time}; could we have {food}; may I have some {food}; can I have a {food} sandwich; I'd love some {food}; I'd love
a cup of tea; give {person} my love; give {person} a call at {time}; wrap the presents; iron my shirt; fold the
laundry; hang up my coat; take off my shoes; bring up the {food} from the cellar; take {person} to the station at
{time}; fetch the newspaper; fetch {person} from the airport at {time}; fry some {food} for {minutes}; boil the {food}
for {minutes}; bake the bread for {minutes}; leave the {food} in the oven for {minutes}; let the {food} rest for
{minutes}; put the {food} in the fridge; put the {food} in the oven at {time}; take the {food} out of the freezer;
start the {switched} at {time}; stop the {switched} at {time}; start the {switched} in {minutes}; run the {switched}
for {minutes}; the {switched} should start at {time}; the {switched} to be switched off at {time}; set the {switched}
to {number} degrees; {switched} to {number} degrees; {switched} {number} percent; {switched} off at {time}; open the
{opened} at {time}; close the {opened} at {time}; close the {opened} for {minutes}; {opened} shut at {time}; see that
the {opened} is shut; see that the {switched} comes on at {time}; let there be a {switched};
scrap the plan to visit {person}; scrap the plan to go to {city}; cancel the {switched} at {time}; scrap the
{switched} at {time}; drop the {event} I made; call off the {event} at {time}; forget about the {switched}; cancel the
{event} I planned; spin the wheel; spin up the {switched}; dim the TV; dim the screen; raise the
{opened} a bit; roll down the car window; roll up the car window; could you ring {person} at {time}; phone {person} in
{minutes}; tell {person} to come at {time};
tell {person} dinner is at {time}; tell {person} I love them; say sorry to {person}; thank {person}; play {show} in
the {room}; play a game with me; read to me for {minutes}; rub my back for {minutes}; massage my feet; hold my hand;
hold the line; keep an eye on the {animal}; keep the {food} warm; keep the change; post this letter; post the parcel;
stamp the letters; paint my nails; comb the {animal}; brush the {animal}; wash the {animal} in the
{room};
tell me a joke; tell me a story; tell me another joke; tell me a {adjective} joke; tell me a joke about {animal}s;
tell me a story about a {animal}; tell me about {subject}; tell me about {city}; tell me something {adjective}; tell
me a fun fact; tell me a bedtime story; tell me the news; tell me the time; tell me a riddle; read me the news; read
me a story; read the paper to me; sing a song; sing me a song; sing happy birthday; write a poem; write a poem about
{subject}; write me a poem about the {animal}; write a letter to {person}; write an email to {person}; write a story
about {subject}; make me {food}; make me a sandwich; cook {food}; cook dinner; make some {food}; bake a cake; order
{food}; order a pizza; order {food} for {person}; buy {food}; buy some {food}; buy {number} {food}; add {food} to the
shopping list; add {food} to my list; put {food} on the shopping list; put {food} on the list; remove {food} from the
shopping list; what's on my shopping list; read my shopping list; clear my shopping list; call {person}; phone
{person}; ring {person}; call {person} at {time}; call {person} please; call a taxi; call an ambulance; call me a cab;
text {person}; text {person} that I'm late; send {person} a message; send a message to {person}; send an email to
{person}; send {person} a text saying I'm late; message {person}; answer the phone; hang up; pick up the phone; read
my messages; read my emails; do I have any messages; do I have new mail; any new emails; did {person} call; has
{person} written; show me my photos; show me pictures of {animal}s; show me a map of {city}; show me the way to
{city}; take a photo; take a picture; take a selfie; take a note; take the dog out; make a note; write down {food};
book a table for {number} at {time}; book a flight to {city}; book a hotel in {city}; book a room in {city}; book a
table at {time}; reserve a table for {number}; find a restaurant; find a good restaurant in {city}; find a {food}
recipe; find my phone; find my keys; where are my keys; where is my phone; navigate to {city}; drive me to {city};
take me to {city}; take me home; how do I get to {city}; translate {food} into French; translate hello into {other};
spell {food}; spell {subject}; define {subject}; explain {subject}; explain {subject} to me; summarize {subject};
google {subject}; search for {subject}; search the web for {food}; look up {subject}; look up {city} on the map;
calculate {number} plus {other}; count to {number}; count to ten; flip a coin; roll a dice; roll the dice; pick a
number; pick a number between {number} and {other}; choose a card; give me a number; give me a {food} recipe; give me
some advice; give me a tip; give me {number} euros; give me a kiss; give me a break; bring me {food}; bring me a beer;
bring me the newspaper; get me {food}; get me a glass of water; pour me a glass of wine; hand me the {opened}; pass
the {food}; clean {chore}; clean {chore} please; wash {chore}; dry {chore}; feed {chore}; feed the {animal}; walk the
dog; do {chore}; wipe {chore}; tidy the {room}; tidy up the {room}; clean the {room}; clean up the {room}; paint the
{room}; paint the {room} blue; vacuum the {room}; sweep the {room}; hoover the {room}; mop the {room}; decorate the
{room}; mow the lawn; cut the grass; rake the leaves; plant a tree in the {room}; wash the car in the {room}; dust the
{room}; move the sofa to the {room}; set the table; set the table in the {room}; put the kettle on; make coffee; make
me a coffee; make a cup of tea; boil {food}; boil the water; fry the eggs; warm up the {food}; heat up the {food};
heat the {food}; heat up the {food} for {minutes}; defrost the {food}; cool the {food}; cool the beer; chill the wine;
water the {animal}; give the {animal} some water; give the dog water; play {show}; play {show} please; start {show};
stop {show}; pause {show}; watch {show}; put on {show}; put on my shoes; put on the {food}; turn over; turn left; turn
right; turn around; turn the page; stop talking; stop that noise, {person}; start the car; start over; start cooking;
start dancing; run to {city}; run away; lift me up; pick up {person} from school; pick up the kids at {time}; drop
{person} off at {time}; close your eyes; open your mouth; open your eyes; close your mouth; raise your hand; lower
your voice; lift your arm; shut your mouth; lock the car; unlock the car; unlock my phone; unlock the safe; lock my
phone; lock the screen; lock the bike; unlock the bike; park the car in the {room}; hide the presents in the {room};
draw a {animal}; draw a picture; draw me a {animal}; draw a circle; kill the spider in the {room}; kill the fly; kill
that {animal}; mute the TV; mute the call; mute my phone; mute {person}; turn up the TV; turn the TV to channel
{number}; change the channel; switch to channel {number}; next channel; set my status to busy; set the oven to
{number} degrees; set the oven to {other} degrees; preheat the oven to {number} degrees; preheat the oven; set the
fridge to {number} degrees; set the freezer to minus {number}; set the dishwasher to eco; set the washing machine to
{number} degrees; set the AC to {number} degrees; set the air conditioning to {other}; set the volume of the TV to
{number}; set the table for {number}; set my phone to silent; set a new password; set a meeting with {person} at
{time}; set the screen brightness of my phone to {number} percent; set up a meeting at {time}; schedule a meeting with
{person} at {time}; schedule a call at {time}; add a meeting at {time}; add the {event} to my calendar; put the
{event} in my calendar; put the {event} in the calendar for {time}; move the {event} to {time}; what's on my calendar;
what's on my calendar today; what do I have at {time}; do I have a meeting at {time}; when is my {event}; when is the
{event}; what time is the {event}; is the {event} at {time}; create an event at {time}; cancel my {event}; cancel the
{event}; cancel my {event} at {time}; cancel the {event} at {time}; call off the {event}; forget about the {event};
forget the {event}; I don't need the {event} any more; delete my {event}; delete all my emails; delete the photo;
delete that file; remove {person} from my contacts; undo the last sentence in my document; scrap the old car; invite
{person} to the party; pay the bill; pay {person} {number} euros; transfer {number} dollars to {person}; charge my
phone; charge the car; charge the car for {minutes}; download the app; install the update; restart the {switched};
reboot the {switched}; reset the {switched}; update the {switched}; fix the {switched}; repair the {switched}; clean
the {switched}; unplug the {switched}; sell my {switched}; buy a new {switched}; buy me a {switched}; order a new
{switched}; empty the {switched}; fill the {switched}; connect to the {switched}; dance with me; wish me luck; wish
{person} a happy birthday; marry me; hurry up; wait; wait a minute; give me {minutes}; be right back in {minutes};
I'll be home in {minutes}; I'll be back at {time}; I will be home at {time}; dinner is at {time}; dinner is ready;
lunch at {time}; meet me at {time}; meet me in the {room}; meet me in the {room} at {time}; come to the {room}; come
here; come to the {room} at {time}; go to the {room}; go to sleep; go to bed; go home; sit down; stand up; look at me;
look at the {animal}; let me think; let the {animal} out; let the dog out into the {room}; let's go; let's eat; let's
play; let's go to {city}; let's watch {show}; let's cook {food}; I want to eat {food}; I want {food}; I'd like {food};
I'd like some {food}; I would like a beer; I need {food}; I need a doctor; I need a new {switched}; I need money; I
need a holiday; I want to go to {city}; I want to go home; I want a {animal}; I want to watch {show}; I want to buy a
{switched}; I want to learn {subject}; I wish I were rich; I wish it were summer; could you bring me {food}; can you
cook {food}; can you sing; can you dance; can you swim; can you drive; can you help me with my homework; can you lend
me {number} euros; can you call {person}; could you call {person} at {time}; can you tell me a joke; could you tell me
a story; would you tell me a joke; will you cook {food}; could you wash {chore}; can you clean {chore}; can you feed
the {animal}; can you order {food}; can you play {show}; could you read me a book
""")
QUESTIONS = options("""
how high is Mount Everest; how deep is the ocean; how heavy is a {animal}; how do planes fly; why do we dream; who was
the first man on the moon; when did the war end; what's the longest river in {country}; what language do they speak in
{country}; what's the highest mountain in {country}; what's the currency of {country}; how many planets are there; how
do magnets work; what's the difference between a {animal} and a {animal}; what sound does a {animal} make; where do
{animal}s live; how many players are in a football team; who plays tonight; when is the next match; when does the film
start; is there a good film on; what's a good name for a {animal}; how do I get a stain out of my shirt; how do I tie
a tie; how do I fold a shirt; what rhymes with {food}; how do you spell {food}; how do you say hello in Italian; what
does {person} like; what shall I give {person}; when is {person}'s birthday; how is {person}; how old is the house;
who built this house; who lives next door; how much do I weigh; how much sleep do I need; how big
is the sun; how many stars are there; how old is the earth; what is the biggest {animal}; is {country} bigger than
{country}; is {city} in {country}; where does {food} come from; who makes the best {food}; can I freeze {food}; how
long can I keep {food} in the fridge; can {animal}s eat {food}; has my parcel arrived; where's my parcel; has the mail
come; did the plumber call; when does the plumber come; is {person} coming tonight; what are we doing tomorrow; what's
the plan for today; are we out of {food}; how do I clean the {switched}; why is the {switched} so loud; why won't the
{switched} start; which cupboard is the {food} in; what's in the fridge; what's in the oven; is the fridge cold; how
cold is the fridge; what temperature is the oven; how hot is the oven; is the kettle boiling; is the washing done; is
the dishwasher finished; how long will the {switched} take; how long has the {opened} been open; is the {opened}
locked; who opened the {opened}; where did I put the {opened}; is my phone charged; how full is the car battery; is
the bathtub full; has the {switched} been on all day; will the {switched} come on at {time}; when will the {switched}
start; is the TV on in the {room}; are the windows in the {room} open; is the {room} window shut; {switched} on or
off; {opened}, open or closed; is anyone using the {switched}; do we have a {switched}; did somebody lock the
{opened}; did I lock the {opened};
what time is it; what's the time; what time is it in {city}; what time is it now; do you have the time; what day is
it; what day is it today; what's the date; what's the date today; what year is it; what month is it; when is
Christmas; when is Easter; how many days until Christmas; when does summer start; when is my birthday; what's the
weather like; what's the weather; what's the weather like today; what's the weather like in {city}; how's the weather;
how is the weather in {city}; will it rain; will it rain today; will it rain tomorrow; is it raining; is it raining
outside; is it snowing in {city}; is it sunny; do I need an umbrella; do I need a jacket; how warm is it outside; how
cold is it outside; how hot is it in {city}; how warm is it in {city}; what's the temperature outside; what
temperature is it in {city}; what's the temperature of the sun; how cold is it in {country}; how hot is the sun; is it
cold outside; is it warm in {city}; weather forecast; weather; weather in {city}; forecast for tomorrow; news; the
latest news; what's in the news; what's the news today; who won the game; who won the match; who won the election;
what's the score; what's the capital of {country}; capital of {country}; what is the capital of {country}; how many
people live in {city}; how many people live in {country}; how big is {country}; where is {city}; where is {country};
how far is {city}; how far is it to {city}; how far is it from {city} to {country}; how long does it take to get to
{city}; how long is the flight to {city}; how much is a flight to {city}; when does the train to {city} leave; when
does the bus come; when does the next bus leave; when does the shop open; when does the shop close; when does the bank
open; is the shop open; is the supermarket open; is the supermarket still open; is the bank closed; is the pharmacy
open; are the shops open today; when does the movie start; when does the match start; when does school start; what's
on TV; what's on TV tonight; is the traffic bad; how's the traffic; how is the traffic to {city}; who is {person}; who
is the president of {country}; who is the king of {country}; who was Napoleon; who wrote Hamlet; who painted the Mona
Lisa; who invented the telephone; who invented the radio; who invented the light bulb; who invented the {switched};
when was the radio invented; when was the light bulb invented; how does a {switched} work; how does a thermostat work;
how does a sprinkler work; how do curtains get made; how fast is light; what is the speed of light; how fast is a
{animal}; how fast does a {animal} run; how old is {person}; how tall is {person}; how tall is the Eiffel Tower; how
old is the universe; how long do {animal}s live; what do {animal}s eat; what does a {animal} eat; how many legs does a
{animal} have; do {animal}s sleep; why do {animal}s sleep; why is the sky blue; why is grass green; why is water wet;
what is {subject}; what's {subject}; how does {subject} work; who discovered {subject}; why is {subject} important;
what do you think about {subject}; what do you know about {subject}; do you like {subject}; what does {subject} mean;
what's {number} plus {other}; what is {number} times {other}; what's {number} minus {other}; what's {number} divided
by {other}; how much is {number} plus {other}; {number} plus {other}; {number} times {other}; {number} minus {other};
what's {number} percent of {other}; what is {number} percent of {other}; how much is {number} percent of {other}; what
is the square root of {number}; what's half of {number}; what is a quarter of {other}; how many minutes are in an
hour; how many minutes are in {number} hours; how many hours are in a day; how many seconds are in a minute; how many
days are in a year; how many inches in a foot; how many grams in a pound; convert {number} degrees to fahrenheit;
convert {number} miles to kilometres; how much is {number} dollars in euros; how much is {number} degrees celsius in
fahrenheit; is {number} a prime number; how much does a {switched} cost; how much does a lamp cost; how much is a new
{switched}; how much are {food}; how much is the {food}; where can I buy {food}; where can I buy a {switched}; where
can I buy curtains; where can I buy a lamp; which {switched} is best; which radiator is the best to buy; how do I cook
{food}; how do you make {food}; how long do I boil {food}; how long does {food} take; how long does it take to boil an
egg; how long do potatoes take; what can I cook tonight; what's for dinner; what's for lunch; what should I eat; what
should I wear; what should I do today; what should I cook with {food}; is {food} healthy; how many calories are in
{food}; do we have {food}; do we have any {food} left; is there any {food} left; is there any {food} in the fridge;
where is the {food}; is the {food} ready; is dinner ready; is the {switched} on; is the {switched} still on; is the
{switched} off; is the {switched} running; is the {switched} on in the {room}; did I leave the {switched} on; did I
turn off the {switched}; have I left the {switched} on in the {room}; did you turn off the {switched}; has the
{switched} been turned off; is the {switched} in the {room} on; is the {switched} done; when is the {switched} done;
tell me whether the {switched} is on; check if the {switched} is off; do you know if the {switched} is on; how long
has the {switched} been running; what's the state of the {switched}; is the {opened} open; is the {opened} closed; is
the {opened} still open; did I close the {opened}; did I leave the {opened} open; is the {opened} open in the {room};
are the windows open; are the windows closed; is the window in the {room} open; are the windows in the {room} shut;
did anyone leave the window open; tell me if the {opened} is open; check whether the window is closed; is the car
locked; did I lock the car; is my bike locked; is {person} home; is {person} at home; is anybody home; is anyone in
the {room}; is somebody in the {room}; who is in the {room}; what are the kids doing in the {room}; who is at the
door; where is {person}; where is the {animal}; where is the cat; is the cat in the {room}; is the dog in the {room};
is there a {animal} in the {room}; how big is the {room}; how many square metres does the {room} have; what colour is
the {room}; what colour should I paint the {room}; where is the {room}; is the {room} clean; is the {room} tidy; who
cleaned the {room}; what's in the {room}; is the table in the {room}; what's the best {food} recipe; what is love;
what is the meaning of life; is there a god; are there aliens; is there life on Mars; what's your opinion on
{subject}; what is the best movie; what's a good book; which book should I read; can {animal}s fly; can {animal}s
swim; can you speak {other} languages; what's your favourite {animal}; what's your favourite song; what kind of music
do you like; who sings this song; who is your favourite singer; what's the name of this song; what song is this;
what's the wifi password; what is my phone number; what's my name; where do I live; where am I; what's my IP address;
how do I reset my password; how much battery is left; how full is my battery; how much is the rent; how many steps
have I taken; how many {animal}s are there; did you feed the {animal}; has the {animal} been fed; did {person} call;
when does {person} come home; when will {person} arrive; will {person} come at {time}; is the post here; has the post
come; was there a parcel today; when is the next full moon; when does the sun rise; when does the sun set; what time
is sunset; what time is sunrise; what's the stock price of Apple; how is the dollar today; who are the Beatles; what
does {other} mean in German
""")
MENTIONS = options("""
I'm on holiday; I've been cooking all day; {person} is coming at {time}; {person} stays for {minutes}; the {food}
takes {minutes}; the {animal} slept in the {room}; my {switched} costs {number} euros; the {switched} uses {number}
percent less power; the {opened} is stuck; the {opened} squeaks; the {opened} needs oil; I broke the {opened};
{person} broke the {switched}; {person} left the {opened} in the {room}; the {event} lasts {minutes}; it's {number}
degrees outside; it was {number} degrees yesterday; the oven is at {number} degrees; the {switched} is at {number}
percent; I saw {show} yesterday; we watched {show} last week; I've read {number} books; {city} is {number} miles away;
{person} is {number} years old; I ran {number} miles; {person} snores; the {animal} snores; the {room} floor is wet;
there's a stain in the {room}; the {room} smells of {food};
I bought a new lamp yesterday; I bought a lamp for the {room}; my grandmother had a lamp like that; I like your lamp;
I saw a nice lamp in {city}; the lamp was a present from {person}; what a {adjective} lamp; lamps are {adjective}; the
new curtains are {adjective}; I like the curtains; I bought curtains in {city}; {person} made the curtains; those
curtains were expensive; my sister hates the curtains; we painted the door red last year; I painted the door; the door
is made of wood; the door was expensive; {person} is at the door; somebody knocked on the door; I hit my head on the
door; the radio was invented long ago; I used to work for the radio; my uncle sells radios; {person} collects old
radios; I heard {person} on the radio yesterday; I'm a big fan of {subject}; I'm a fan of {person}; I am a huge
football fan; are you a fan of {subject}; {person} is my biggest fan; I'm a fan of {food}; I love music; I love
classical music; music is {adjective}; {person} studies music; I play music in a band; do you like music; what is your
favourite music; music makes me happy; my son learns music at school; the heater cost {number} euros; we got a new
heater last winter; I sold the old heater; heaters are {adjective}; the radiator was repaired last week; {person}
fixed the radiator; summer heat is {adjective}; the heat in {city} was {adjective}; I can't stand the heat in {city};
the alarm woke {person} this morning; {person} has a new alarm clock; I hate alarm clocks; my alarm clock was a
present; false alarm at the school; the fire alarm test was yesterday; I slept through my alarm yesterday; we played
in the sprinkler as kids; sprinklers are {adjective}; the neighbours have a sprinkler; {person} bought a sprinkler;
sprinkle some salt on the {food}; sprinkle sugar on the cake; the garden is {adjective}; our garden is {adjective}
this year; the kitchen is {adjective}; my office is {adjective}; I work in an office; I work at the office in {city};
my bedroom is {adjective}; the {room} is {adjective}; the {room} is a mess; I was in the {room}; {person} is in the
{room}; the {animal} is in the {room}; there is a {animal} in the {room}; we ate {food} in the {room}; I lost my keys
in the {room}; we have a big {room}; the {room} needs a coat of paint; I love our {room}; it smells of {food} in the
{room}; I want a new {room}; I need a light lunch; I'd like a light beer; a light snack would be nice; light as a
feather; the light of my life; travel light; he is blind in one eye; love is blind; a blind man crossed the street; a
blind date tonight at {time}; I have a blind date with {person}; I'm blind without my glasses; my doors of perception;
the key to the door is lost; the door of the car is red; the boarding gate in {city} was closed; gate {number} at the
airport; my flight leaves from gate {number}; Watergate was {adjective}; the heat of the moment; hot chocolate is
{adjective}; turn the other cheek; the radio star {person} is {adjective}; time is money; it takes {minutes} to get to
{city}; the drive takes {minutes}; the film lasts {minutes}; the film starts at {time}; school starts at {time}; the
train leaves at {time}; my train is at {time}; I get up at {time} every day; I got up at {time}; {person} comes at
{time}; I ate at {time}; I have been waiting for {minutes}; I slept for {number} hours; {person} arrives in {minutes};
the shop closes at {time}; {number} percent of people like {food}; I am {number} years old; it was {number} degrees in
{city} yesterday; it's {number} degrees in {city}; the {switched} is broken; the {switched} is too loud; my {switched}
is {adjective}; I bought a new {switched}; {person} has a new {switched}; the {switched} in the {room} is {adjective};
the {food} is in the {switched}; yesterday I opened a bank account; {person} closed the deal; I closed my eyes; I
opened a shop in {city}; we switched schools; I turned {number} yesterday; the car turned left; {person} turned up at
{time}; she raised {number} children; he raised his hand; I put on weight; {person} put off the {event}; the {event}
starts at {time}; the {event} was {adjective}; my {event} is at {time}; I have a {event} at {time}; I forgot the
{event}; we went to {city} last year; {person} lives in {city}; {city} is {adjective}; I'm going to {city} tomorrow; I
come from {country}; my car broke down; the dog ate my homework; the {animal} is {adjective}; a {animal} and a
{animal}; I saw a {animal} in the {room}; the {animal} ran into the {room}; I like {food}; I hate {food}; {food} is
{adjective}; I ate too much {food}; {person} likes {food}; {subject} is {adjective}; I read a book about {subject}; I
know nothing about {subject}
""")
