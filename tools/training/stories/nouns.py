"""The simple nouns that stories are asked about, by kind, and the articles and adjectives that go before them."""
from pathlib import Path

HELD_OUT_FILE = Path(__file__).with_name("held_out_nouns.txt")

_KINDS = {
    "animal": """
        ant alligator antelope armadillo baboon badger bat bear bee bird bison buffalo bull bunny butterfly calf camel
        canary cat caterpillar cheetah chick chicken chimpanzee chipmunk cow coyote crane crocodile crow cub cuckoo
        dog donkey dove dragonfly duck duckling eagle eel elephant falcon fawn ferret firefly fish flamingo flea fly
        foal fox frog gecko gazelle giraffe goat goldfish grasshopper hamster hare hawk hedgehog heron hummingbird
        hyena iguana insect jaguar kid kitten kitty koala lark lion lizard llama lobster lynx magpie mammoth meerkat
        millipede minnow monkey moose mosquito moth mouse newt nightingale otter owl ox parakeet peacock pelican pig
        piglet pony poodle porcupine possum puffin pup puppy python rabbit rat reindeer rhino robin rooster salmon
        seagull seahorse seal shark shrimp skunk sloth slug snail snake sparrow spider squid squirrel starfish stork
        swallow tadpole termite toad tortoise toucan trout turkey unicorn vulture walrus wasp weasel woodpecker
        wombat yak dinosaur""",
    "being": """
        angel dragon dwarf fairy giant gnome goblin mermaid monster ogre phoenix robot scarecrow troll witch wizard
        alien genie pixie sprite yeti superhero""",
    "person": """
        artist astronaut baby baker barber boy builder butcher captain carpenter chef child clerk coach cook cowboy
        dancer dentist detective diver doctor driver emperor explorer farmer firefighter fireman fisherman friend
        gardener girl grandfather grandma grandmother grandpa guard hero hunter inventor judge juggler king lady
        librarian lifeguard magician mailman man mayor merchant miller miner musician neighbor painter photographer
        plumber poet policeman postman potter princess queen sailor scientist shepherd shoemaker singer student
        tailor teacher teenager twin vet waiter watchmaker weaver woman woodcutter writer""",
    "thing": """
        alarm album arrow ax bag ball balloon bandage banner basket bat bead bell belt bib blanket block board bone
        book boot bottle bow bowl box bracket branch brick broom brush bubble bucket button cage calculator calendar
        cane cap card carpet case chain chalk checkers chest clock cloak cloth coat coin comb compass cord costume
        crayon crystal cube cup cushion diary dice dictionary dish doll dollhouse dress earring egg envelope eraser
        fan fiddle flower flute folder frame frisbee funnel game gem gift globe gown hairbrush handkerchief hanger
        harmonica harp hat headband helmet hook hoop horn hose hourglass instrument jar jewel jug kerchief kettle key
        keyboard kite knob knot ladle lantern lasso leaf leash letter lid locket lock log magazine mallet map marble
        mat match message microscope mitten mop mug nail napkin net newspaper note oar ornament package paddle pail
        paintbrush paper parcel parachute patch pearl pen pencil petal phone photo picture pin pinwheel pipe plant
        plate plank pocket pompom poster pot potion present prize purse puppet puzzle quilt racket radio rag rake
        rattle recorder riddle ring robe rock rod rope rose rug ruler sack saddle sail saw screw seed shield shirt
        shoe skate skirt sled slipper snowball snowflake soap spade sponge spoon spring stamp star stick sticker
        stocking stone stool string suit sunflower sunhat switch tambourine tape tassel teapot teddy telephone
        television thermometer thimble thread ticket tie tile tooth top torch towel toy tray treasure trophy tulip
        twig uniform vest wallet wand watch whistle wig wreath yarn yo-yo xylophone bookmark doormat drawing feeder
        birdhouse trinket medallion teaspoon toothbrush tennis_ball beach_ball paper_boat teddy_bear music_box
        snow_globe magic_wand jump_rope rubber_duck toy_car toy_train wooden_horse golden_key treasure_map
        piggy_bank alarm_clock""",
    "food": """
        almond apple apricot avocado bagel banana bean berry biscuit blueberry bun burger cabbage cake candy
        carrot cauliflower cherry chestnut coconut cookie corncob cracker cucumber date
        doughnut dumpling eggplant fig grape hamburger kiwi lettuce lime loaf mango marshmallow meatball
        melon noodle nut omelet onion orange pancake papaya pastry peanut pepper pickle pie pineapple pizza
        plum popsicle potato_pie pretzel radish raspberry roll salad sandwich sausage snack
        sundae tart treat turnip waffle walnut watermelon yam cheesecake gingerbread_man
        apple_pie birthday_cake ice_cream_cone""",
    "vehicle": """
        airplane ambulance balloon_ship bike boat bulldozer bus canoe car carriage cart digger ferry fire_engine
        fire_truck glider hot_air_balloon jeep jet lorry minibus plane pickup race_car rocket rowboat sailboat
        school_bus sleigh snowplow spacecraft speedboat steamboat streetcar submarine tractor tram train tricycle truck
        tugboat wagon wheelbarrow""",
    "place": """
        airport attic bakery barn beach bridge burrow camp castle cave cellar church circus city cliff cottage den
        desert dam dollhouse factory farm field forest fort fountain_house garden gate greenhouse harbor hill hole
        hospital hotel house hut jungle kingdom lake library lighthouse market maze meadow mill museum nest ocean
        orchard palace park path pasture playground playhouse pond pool port puddle pyramid ranch restaurant river road
        school shed shop stable stadium station store stream street swamp tower town treehouse tree valley village
        waterfall well windmill zoo sandbox secret_door magic_forest haunted_house snow_castle""",
}
# Nouns that fit their kind's plots badly when asked for, or that are no thing by themselves.
_UNFIT = {"kid", "checkers", "dice", "bracket", "balloon_ship", "fountain_house", "spinach", "path", "road", "street"}


def held_out_nouns() -> list[str]:
    """The nouns that no training request names; the evaluation asks for them."""
    return HELD_OUT_FILE.read_text(encoding="utf-8").split()


def nouns_by_kind() -> dict[str, list[str]]:
    """The nouns that requests may name. A noun of two words counts as held out when one of its words is."""
    held_out = set(held_out_nouns())
    chosen: dict[str, list[str]] = {}
    for kind, text in _KINDS.items():
        words = dict.fromkeys(word for word in text.split() if word not in _UNFIT)
        chosen[kind] = [word.replace("_", " ") for word in words if not held_out & set(word.split("_"))]
    return chosen


ADJECTIVES = {
    "animal": "little big small brown white black gray old young brave shy clever lazy hungry tiny funny fluffy happy "
              "lonely friendly curious playful sleepy silly gentle".split(),
    "being": "little big small green old young brave shy clever lazy tiny funny kind lonely friendly silly".split(),
    "person": "young old kind clever brave busy happy cheerful quiet funny good friendly".split(),
    "thing": "little big small red blue green yellow pink old new shiny pretty tiny golden funny strange special "
             "soft beautiful colorful".split(),
    "food": "big small sweet tasty giant yummy tiny warm delicious special".split(),
    "vehicle": "little big red blue green yellow old new shiny tiny orange purple fast".split(),
    "place": "little big old small quiet beautiful strange magic secret".split(),
}

_SILENT = ("hour", "honest", "honor")
_CONSONANT = ("uni", "use", "one", "eu", "ukulele")


def with_article(phrase: str) -> str:
    """The phrase with a or an before it, by its first sound."""
    first = phrase.lower()
    vowel = first.startswith(_SILENT) or (first[0] in "aeiou" and not first.startswith(_CONSONANT))
    return ("an " if vowel else "a ") + phrase
