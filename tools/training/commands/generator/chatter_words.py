"""Clauses that people put around a request; none of them changes what is asked.

No clause holds a clock time, a duration or a part of the day: these could be read as part of the request. Slots are
filled from SLOTS; "{number}" only stands in NUMBERED.
"""

from .text import options

SLOTS: dict[str, list[str]] = {
    "who": options("""
    Grandma; Grandpa; Mum; Dad; the baby; my wife; my husband; Nana; Lucy; Leo; Granny; my mother; my father; my
    sister; my brother; the little one; my daughter; my son; Aunt Carol; Uncle Pete; Mia; Noah; Theo; my partner; my
    flatmate; our lodger; my roommate; Ella; old Mr Baker; the nanny; the grandchild; Ida; my girlfriend
    """),
    "pet": options("""
    the cat; the dog; the puppy; the kitten; our dog; our cat; the rabbit; the parrot; Rex; Felix; the hamster; Bella;
    the tortoise; the hens; the budgie
    """),
    "guest": options("""
    guests are; visitors are; friends are; the neighbours are; my parents are; the in-laws are; the plumber is; the
    cleaner is; the postman is; the babysitter is; the landlord is; my boss is; the electrician is; the whole family
    is; the delivery man is; the painters are; our guests are; the girls are; Mum is; company is; my cousins are
    """),
    "ache": options("""
    my back hurts; my back is killing me; my knee hurts; my feet ache; my head hurts; I have a headache; I've got a
    migraine; my hip is bad; my arm is in a sling; my leg is in plaster; I've hurt my foot; I broke my arm; my
    shoulder is stiff; I twisted my ankle; I feel ill; I've got the flu; I have a cold; my eyes are tired; my eyes are
    sore; I'm a bit under the weather; I'm exhausted; I'm worn out; I'm on crutches; I can't get up; my legs are tired
    """),
    "busy": options("""
    I've got my hands full; I'm on the phone; I'm in a meeting; my hands are wet; I'm carrying the shopping; I'm up a
    ladder; I'm covered in flour; I'm holding the baby; my hands are dirty; I'm under the shower; I'm cooking; I'm
    peeling potatoes; I can't reach it; I'm stuck on the sofa; I'm painting my nails; I have paint on my fingers; I'm
    already in bed; I'm busy; I'm doing the dishes; I'm ironing; I'm working; I'm reading; I've got shopping bags in
    both arms; I'm on a call; I'm in the bathtub; I'm changing a nappy; I'm baking
    """),
    "thing": options("""
    the TV; the oven; the cake; the soup; the washing; the kettle; the car; the stew; the film; the dishwasher; the
    laundry; the window; the fridge; the bread; the roast; the computer; the washing machine; the pizza
    """),
    "name": options("""
    love; mate; dear; computer; house; darling; honey; sweetie; my friend; pal; buddy; dude; sir; sunshine; my dear;
    sweetheart; old friend; old boy; boss; chief; champ; Alfred; James; Emma; Sam; Nelly; Robin; Hal; home; dear
    house; clever house; smart home; little helper; friend; babe; gorgeous; duck; pet; maestro; captain
    """),
}
# Fit any request and mean nothing alone.
NEUTRAL = options("""
{who} is asleep; {who} is sleeping; {who} has just fallen asleep; {who} is having a nap; {who} is coming; {who} is
here; {who} is on the phone; {who} wants to sleep; {who} is not feeling well; {who} asked for it; {who} told me to
ask; {who} says so; {who} wants it that way; {who} insists; {who} likes it like that; {who} is poorly; {who} keeps
complaining; {who} is studying; {who} has an exam; {who} is ill; {who} is visiting; {who} is waiting; {who} is
crying; {who} just left; {who} is scared; {who} has a visitor; {who} forgot again; {who} never does it; {who} can't
reach it; {who} is working; {who} is taking a bath; {who} is tired; {who} has been asking; it's for {who}; {who} will
be pleased; {who} needs some rest; {who} is grumpy; I promised {who}; {who} is expecting it; it's {who}'s turn
really; you know what {who} is like; {pet} is scratching; {pet} wants out; {pet} wants in; {pet} is asleep; {pet} is
scared; {pet} is barking again; {pet} is hungry; {pet} likes it; {pet} is whining; {pet} has been sick; {pet} got
out; {pet} is on my lap; {guest} coming; {guest} here; {guest} on the way; {guest} coming over; {guest} arriving;
{guest} waiting; {guest} about to arrive; {ache}; {ache}; {ache}; {busy}; {busy}; {busy};
{busy}; we're going out; I'm going out; we're off; I'm
off to work; we're off on holiday; I'm leaving; we're leaving; I have to run; we have to go; the taxi is waiting; the
bus won't wait; I'm late; I'm running late; I'm late for work; we're late; I'm home; I'm back home; we're back; I've
just got in; I'm going to bed; I'm off to bed; I'm tired; I'm sleepy; I want to sleep; I need some sleep; I can't
sleep; I need some peace; I need to concentrate; I want to relax; I want to read; I'm reading a thriller; we're
eating; dinner is ready; dinner is served; supper is on the table; we're having a party; we're playing cards; it's
{who}'s birthday; the kids are in bed; the children are playing; the kids are home; the kids are at school; the twins
are asleep; it's raining; it's snowing; it's pouring; the sun is out; the sun is shining; there's a storm coming;
it's windy; the weather is lovely; the weather is awful; what a day; it's been a long day; I had a rough day; I've
been on my feet all day; I almost forgot; I forgot earlier; I keep forgetting; I can't remember whether I did; I
forgot again; I'm expecting a parcel; I'm expecting a call; I have a visitor; I have work to do; I've got homework to
do; there's a match on; the film is starting; the concert is starting; my show is on; the news is on TV; somebody
rang the bell; the phone is ringing; the neighbours are complaining; the neighbours are asleep; the electricity bill
is huge; energy is expensive; we need to save money; it costs a fortune; money doesn't grow on trees; I'm not made of
money; it's safer that way; better safe than sorry; you never know; I want everything perfect; it looks nicer; I like
it that way; it's nicer that way; that's all; it's important; it's urgent; it's an emergency; no rush; no hurry; take
your time; I'm in a hurry; we're in a hurry; I'm too lazy to get up; I'm feeling lazy; I don't want to get up; it's a
long way to walk; I can't find my glasses; I've lost my glasses; I dropped an earring; I've lost a contact lens; I'm
looking for my keys; I've lost my keys; I can't find my slippers; {thing} is in the way; I have to watch {thing};
{thing} is enough for me; {thing} is making a noise; {thing} is still on; {thing} is broken; {thing} needs looking
after; the cake is in the oven; the pasta is on the stove; the soup is boiling over; I'm watching TV; I just had a
shower; I'm going for a walk; I'm going for a run; I'm going shopping; we're having lunch; we're having breakfast;
I'm making tea; I'm doing yoga; I'm meditating; I'm practising the piano; I've started a new book; we're about to
eat; the food is getting cold; the ice cream is melting; I've got a boat to catch; I've got a plane to catch; school
is starting; I have a job interview; we have an early start; it's the weekend; we're on holiday; I'm on holiday; it's
my day off; we changed our plans; plans have changed; the trip is off; the meeting was moved; I got it wrong; I made
a mistake; it was a mistake; I misspoke; I mixed things up; you did it before; it worked last week; just like last
time; the usual; as always; same as always; you know the drill; I trust you; I'm counting on you; you know what to do;
there's a spider; I heard a noise; I thought I heard something; something smells funny; something is wrong; I saw
somebody outside; there's someone outside; there's nobody in; nobody is home; everybody is out; everyone has gone; no
one is there; everybody is asleep; we have company; we're all here; the party is starting; it's getting late
""")
# Alone they would hint at a wish, so they never stand alone.
HINTS = options("""
I'm freezing; I'm cold; we're freezing; it's freezing; it's getting chilly; it's chilly; my feet are like ice; my toes
are cold; I'm boiling; I'm roasting; I'm sweating; it's stuffy; it's so hot; it's too warm; I can't breathe; it's
getting dark; it's dark already; it's dark; it's gloomy; I can't see a thing; I can't see anything; I can hardly see;
it's so bright; the sun is in my eyes; it's too loud; it's so noisy; I can't hear myself think; it's too quiet; it's
so quiet; the plants look thirsty; everything is dry; it stinks; it smells of fish; it smells of burnt toast; there's
smoke everywhere; the neighbours are staring in; people are looking in; there's a draught; it's damp; it's awfully
humid; {who} is cold; {who} is freezing; {who} is too warm; {pet} is shivering; {who} can't see; {who} is sweating;
it's getting warm; it's cold outside; it's hot outside; it's a heatwave; winter is coming; it's a dull day
""")
# Other devices, rooms and numbers that must not slip into the answer. Their number may only stand before the request.
NUMBERED = options("""
my soap's on channel {number}; the match is on channel {number}; there are {number} of us; there'll be {number} of us;
we're {number} people; we have {number} guests; {number} guests are coming; I've got {number} bags to carry; {number}
kids are asleep; I'm over {number}; I'm waiting for bus {number}; I've read {number} pages; I've told you {number}
times; it's page {number} already; the parcel for number {number} is here; I weigh {number} kilos; we've got {number}
cats; I have {number} emails to write; {who} turned {number}; the film is on channel {number}
""")
ELSEWHERE_CLAUSES = options("""
the kids are playing in the garden; we're all in the kitchen; {who} is in the bathroom; {who} is in the garage; {who}
is asleep in the bedroom; I'm in the office; I left my glasses in the kitchen; I'm still in the bath; I've just mopped
the hall; the cat is in the study; {pet} is in the yard; the office called; I'm late for the office; we're having tea
in the lounge; {who} is waiting in the hall; I left my keys in the garage; I hear noises from the garage; {who} is
watching TV in the living room
""")
ANNOUNCEMENTS = options("""
right; okay then; change of plan; one more thing; quick; before I forget; listen; listen up; now then; oh yes; oh
right; okay so; so; well; well then; alright then; attention; by the way; while you're at it; while I think of it;
next; first things first; last thing; last one; another thing; just one thing; small favour; a favour; little request;
I've got a job for you; here's one for you; guess what; let me think; let me see; hang on; hold on; wait; oh; oops;
whoops; oh no; oh dear; oh boy; ah yes; aha; hmm; um; erm; uh; you know what; tell you what; okay here goes; ready;
come on; go on; for goodness' sake; for crying out loud; good grief; gosh; blimey; heavens; my goodness; hurrah;
hooray; yay; great; wonderful; perfect; fine; very well; as I said; like I said; again; once more; new plan; on
reflection; important; urgent; emergency; seriously; honestly; frankly; if it's not too much trouble; if you don't
mind; when you're ready;  be a darling; be a sport; be a pal; do us a favour; chop chop; pretty please;
okay listen; one last thing; since you're here; if I may; speaking of which; not to be fussy, but; I hate to ask, but;
silly question, but; I know it's late, but; I know you're busy, but; I nearly forgot; I've been thinking; to the rescue
""")
APOLOGIES = options("""
sorry; sorry to bother you; sorry to disturb you; sorry to interrupt; I'm sorry; sorry, me again; it's me again;
apologies; my apologies; pardon me; pardon the interruption; excuse me; forgive me; sorry for asking; sorry about
this; sorry for the trouble; I do apologise; I hate to be a nuisance; sorry for shouting; sorry to nag; oops, sorry;
sorry, my mistake; I beg your pardon
""")
JOKES = options("""
I'm not a bat; I'm no vampire; we don't live in a cave; this isn't a cave; this isn't a disco; we're not at the north
pole; I'm not a penguin; I'm not a polar bear; this is not a sauna; we're not in the tropics; I'm turning into an
icicle; I feel like a roast chicken; I look like a raisin; I'm melting like butter; my nose is an icicle; were you
born in a barn; it's like the moon in here; ha ha; the king commands it; your master speaks; abracadabra;
hocus pocus; simsalabim; beam me up; houston, we have a problem; make it so; to infinity and beyond; elementary;
your wish is my command, or is it the other way round; chop chop, little robot; it's like a zoo in here
""")
TRAILERS = options("""
thanks a lot, you're a star; you're a star; you're an angel; you're the best; you're a treasure; thank you, you're a
gem; cheers, you're a legend; thanks a million; thanks a bunch; much obliged; I owe you one; I'd be so grateful; that
would be lovely; that would make my day; bless you; what would I do without you; good job; well done in advance; ta
very much; many thanks in advance; that's all; that's everything; that'll be all; that's it for now; nothing else; and
that's that; and hurry; and be quick about it; and make it snappy; hurry up; quickly, if you can; no arguments; I
mean it; if that's okay; if that's alright; if you can manage; if you're able to; if you hear me; do you hear me; did
you get that; got it; understood; okay; all right; right; you know; I think; I guess; I suppose; as usual; as always;
like always; like a good house; there's a good house; there you go; over and out; amen; thank you kindly; have a nice
day; see you later; bye; sleep well; love you; don't ask why; long story; lol; haha; haha thanks; please
and thanks; before I go mad; before we leave; before I forget; while you're at it; for once; for a change; just in
case; just to be safe; just to be sure; to be on the safe side; to save energy; to save money; to save electricity
""")
SAKES = options("""
for {who}; for {who}; for {pet}; for the cleaner; for the plants; for the guests; for the kids; for the children; for
the plumber; for my back; for the neighbours; for my sake; for the postman; for safety; for my visitors; for our
guests; for everybody; for the party; for the girls; for the boys; for my nerves; for peace and quiet; for comfort;
to please {who}; to keep {who} happy; to make {who} happy; because of {who}; because of {pet}; thanks to {pet}
""")
