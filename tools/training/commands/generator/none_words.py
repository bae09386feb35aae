"""Word lists for lines that are not about the eight devices."""

from .text import options

# Things that switch on and off but are not devices of this language.
SWITCHED = options("""
oven; TV; television; tv; telly; dishwasher; washing machine; dryer; tumble dryer; coffee machine; coffee maker;
kettle; toaster; microwave; stove; hob; cooker; fridge; freezer; vacuum; vacuum cleaner; robot vacuum; hoover; mower;
lawn mower; robot mower; computer; laptop; printer; router; wifi; wi-fi; internet; phone; tablet; monitor; screen;
camera; security camera; air conditioner; air conditioning; AC; aircon; humidifier; dehumidifier; air purifier;
projector; game console; playstation; xbox; speaker; doorbell; iron; hair dryer; sewing machine; blender; mixer; food
processor; rice cooker; slow cooker; air fryer; grill; barbecue; bread maker; juicer; espresso machine; water pump;
pool pump; pump; jacuzzi; hot tub; sauna; shower; tap; faucet; bathtub; boiler; water softener; fireplace; car; car
engine; engine; generator; charger; car charger; solar panels; elevator; lift; escalator; drill; saw; chainsaw; leaf
blower; compressor; scanner; copier; fax machine; treadmill; exercise bike; massage chair; electric blanket; baby
monitor; fish tank pump; aquarium; fountain; pool cleaner; bluetooth; airplane mode; subtitles; captions; hotspot;
GPS; navigation; flash; video; recorder; DVD player; turntable; smoke detector; keyboard; mouse; smartwatch; robot;
drone; toy train; train set; disco ball; siren; popcorn machine; ice maker; waffle iron; deep fryer; garbage disposal;
trash compactor; electric toothbrush; shaver; curling iron; notifications; location; bike; motorbike; e-bike; scooter;
lawnmower; kiln; furnace filter; server; modem; socket; plug; outlet; power strip; antivirus; VPN; webcam; microphone;
headphones; amplifier
""")
OPENED = options("""
window; windows; fridge; freezer; oven; cupboard; cabinet; drawer; drawers; box; bottle; jar; can of beans; book;
newspaper; umbrella; app; file; folder; browser; email; letter; package; parcel; mailbox; letterbox; safe; trunk; boot
of the car; car; suitcase; bag; tent; wardrobe; closet; washing machine; dishwasher; laptop; sunroof; skylight; roof
window; hatch; valve; tap; pool cover; pool; awning; parasol; lid; chest; toolbox; bank account; account; document;
photo album; present; envelope; wine; champagne; map; tab; photos; calendar; notebook; settings; camera app; shop;
store; piano; bin; trash can; cage; dryer; microwave; bread bin; lunchbox; backpack; zip; tin; coconut; attachment;
website; spreadsheet; bike lock; car boot; bonnet; glove box; chimney flap; cat flap
""")
PEOPLE = options("""
mum; mom; dad; grandma; grandpa; Tom; Anna; my sister; my brother; Peter; my boss; Julia; Sarah; the doctor; the
dentist; my wife; my husband; the plumber; Uncle Bob; Maria; the neighbours; John; Lisa; Ahmed; my daughter; my son;
Emma; the school; the landlord; the vet; aunt Mary; my friend; Kate; Oliver; the police; Mike; Susan; everyone; my
parents; Ben; Chris; Sophie; Mr Smith; Mrs Jones
""")
CITIES = options("""
London; Paris; Berlin; New York; Rome; Madrid; Tokyo; Boston; Chicago; Leeds; Manchester; Dublin; Vienna; Zurich;
Munich; Oslo; Sydney; Lisbon; Prague; Athens; Cairo; Delhi; Toronto; Seattle; Bristol; Glasgow; Milan; Hamburg;
Warsaw; Moscow; Beijing; Denver; Texas; California; Scotland; Spain; Italy; Germany; Norway
""")
COUNTRIES = options("""
France; Germany; Spain; Italy; Japan; China; Brazil; Canada; Australia; India; Egypt; Peru; Norway; Sweden; Poland;
Kenya; Mexico; Greece; Turkey; Portugal; Chile; Ireland; Iceland; Nigeria; Finland; Switzerland
""")
FOODS = options("""
pizza; pasta; milk; bread; eggs; butter; apples; cheese; rice; chicken; soup; salad; pancakes; lasagna; bananas;
coffee; tea; sugar; onions; potatoes; fish; curry; sushi; burgers; cake; cookies; chocolate; ice cream; tomatoes;
carrots; flour; honey; yogurt; noodles; toast; a sandwich; steak; beans; orange juice; water; wine; beer; salt;
pepper; cereal; toilet paper; batteries
""")
ANIMALS = options("""
cat; dog; hamster; goldfish; horse; cow; elephant; tiger; penguin; whale; shark; owl; snail; bee; spider; giraffe;
lion; rabbit; wolf; bear; crocodile; octopus; parrot; kangaroo; tortoise; mouse; fox; dolphin; hedgehog; camel
""")
SUBJECTS = options("""
photosynthesis; gravity; the moon; black holes; democracy; inflation; the Roman Empire; quantum physics; football;
chess; climate change; volcanoes; dinosaurs; electricity; the stock market; bitcoin; evolution; the Beatles;
Shakespeare; history; space; rainbows; magnets; DNA; the sun; vaccines; the pyramids; sleep; dreams; love; philosophy;
art; poetry; robots; trains; planes; cricket; tennis; cooking; gardening; music theory; politics; ghosts; Mars; the
ocean; Napoleon; Mozart; Einstein; Picasso
""")
EVENTS = options("""
meeting; appointment; dentist appointment; flight; dinner; lunch; party; birthday party; call; interview; lesson; yoga
class; haircut; reservation; hotel; booking; subscription; order; taxi; delivery; match; concert; trip; exam; date
with Anna; gym session; doctor's appointment; conference; wedding; holiday; train ticket; pizza order; membership; gas
bill; newspaper; parcel; Netflix subscription; babysitter; cleaner; gardener; plumber
""")
SHOWS = options("""
the news; a movie; a film; a game; chess; a video; Netflix; YouTube; the football match; cartoons; a podcast; an
audiobook; hide and seek; a quiz; the next episode; a card game; the lottery; tennis; a trick on my brother; Star
Wars; the weather channel; a puzzle; the guitar; the piano; tic tac toe; a documentary
""")
CHORES = options("""
the dishes; the laundry; the cat; the dog; the baby; the car; the bed; the floor; the windows; the carpet; the bike;
the trash; the table; the shirts; the sofa; the fence; the roof; the fish; the rabbit; the sink; the mirror; the
toilet; the bathtub; the stairs; my shoes; the barbecue; the pool; the desk; the shelves; my homework; the dinner; the
rug
""")
ADJECTIVES = options("""
funny; clever; stupid; nice; great; weird; smart; awesome; annoying; beautiful; boring; lazy; kind; strange; cute;
slow; useless; wonderful; silly; brilliant; crazy; sweet; rude; amazing
""")
