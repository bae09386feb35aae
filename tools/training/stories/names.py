"""Names for people and animals: common ones, rarer ones, and made-up ones that can only be copied, never known."""
import random

GIRLS = """Lily Mia Anna Emma Sara Lucy Amy Ella Rosie Molly Zoe Ruby Nora Ivy Clara Alice Maya Lena Eva Jane Kate
Sophie
Hannah Grace Daisy Betty Julia Nina Tina Leah Olivia Ava Chloe Luna Stella Hazel Penny Polly Tess Wendy Fiona Greta
Heidi Ida Jill Kira Lola Mona Nelly Olga Paula Rita Selma Thea Uma Vera Willa Yara Zara Amina Priya Meera Asha Wanjiru
Akello Nomsa Lindiwe Keiko Yuki Mei Lan Ingrid Freya Astrid Carmen Rosa Lucia Elena Marta""".split()
BOYS = """Tom Ben Max Sam Tim Jack Leo Finn Noah Luke Adam Oscar Henry Peter Paul Jacob Billy Charlie Danny Eddie Felix
George Harry Ian Jim Joe Kevin Lenny Mark Nick Oliver Pedro Rob Simon Toby Victor Will Alex Andy Bobby Carl David Eric
Frank Greg Hugo Ivan Jonas Karl Liam Mike Nils Otto Quinn Ralph Steve Theo Umar Vito Walter Yusuf Zack Arjun Ravi Kofi
Kwame Themba Juma Hiro Kenji Wei Lars Bjorn Diego Mateo Pablo Marco Luca""".split()
PETS = """Pip Coco Biscuit Button Fuzzy Bubbles Snowy Pepper Ginger Peanut Cookie Sunny Misty Teddy Fluffy Whiskers
Spot Patch Rusty Dusty Buddy Lucky Shadow Smoky Honey Nibbles Waffles Ziggy Bella Milo Rocky Oreo Toto Momo Kiki
Bingo Fifi Gigi Lulu Nemo Olly Pogo Roly Tiki Zuzu Bobo Dodo Hopper Jumper Tiny Spike Twinkle Sparky""".split()

_STARTS = "B Br D Dr F Fl G Gr H J K Kl L M N P Pr R S Sn T Tr V W Z Bl Ch Sh Th Sk".split()
_MIDDLES = "a e i o u oo ee ai ar en in on um al il".split()
_JOINTS = "b bb d dd f g gg k l ll m mm n nn p pp r rr s t tt v z zz nd lf mp rt".split()
_ENDS = "o a i y er in el us is ik ie um an on et".split()


def made_up(random_source: random.Random) -> str:
    """A name that nobody has, such as Trillo or Zamper."""
    return "".join(random_source.choice(part) for part in (_STARTS, _MIDDLES, _JOINTS, _ENDS))


def person(random_source: random.Random, girl: bool) -> str:
    if random_source.random() < 0.08:
        return made_up(random_source)
    return random_source.choice(GIRLS if girl else BOYS)


def pet(random_source: random.Random) -> str:
    return made_up(random_source) if random_source.random() < 0.3 else random_source.choice(PETS)
