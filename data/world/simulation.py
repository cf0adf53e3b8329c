"""A small world: people walk about, take things, put them down and hand them over.

The sentences tell exactly what happens, and only that is asked.
"""

from data.readers.stories import Example

PEOPLE = ("Bill", "Daniel", "Fred", "Jeff", "John", "Julie", "Mary", "Sandra")
PLACES = ("bathroom", "bedroom", "cellar", "garden", "hallway", "kitchen", "office", "park")
THINGS = ("apple", "ball", "book", "cake", "football", "key", "milk", "newspaper")
WENT = ("went to", "moved to", "walked to", "travelled to")
FIRST, AGAIN = "is in", "went back to"
TOOK = ("took", "got", "grabbed", "picked up")
DROPPED = ("dropped", "left", "put down", "discarded")
GAVE = ("gave", "handed", "passed")
NUMBERS = ("none", "one", "two", "three")
KINDS = ("where person", "where thing", "who has", "how many", "is in", "where before", "who gave")


class World:
    """Four people, four places and three things, and what has happened to them."""

    def __init__(self, random):
        self.random = random
        self.people, self.places, self.things = (
            [str(name) for name in random.choice(names, count, replace=False)]
            for names, count in ((PEOPLE, 4), (PLACES, 4), (THINGS, 3))
        )
        self.sentences = []
        self.visits = {person: [] for person in self.people}  # (place, sentence number)
        self.holder, self.lies_in = {}, {}  # thing -> person (None: nobody); thing -> place
        self.handled = {}  # thing -> the sentence that last told who has it
        self.gifts = []  # (giver, thing, receiver, sentence number)

    def pick(self, options):
        return options[int(self.random.integers(len(options)))]

    def here(self, person):
        return self.visits[person][-1][0] if self.visits[person] else None

    def tell(self, *words):
        self.sentences.append(" ".join(words) + ".")
        return len(self.sentences)

    def there(self):
        return ["there"] * (self.random.random() < 0.2)

    def happen(self):
        """Draws an event: a possible kind by its weight, then any event of that kind."""
        held = [(thing, who) for thing, who in self.holder.items() if who]
        take = [
            (who, thing)
            for who in self.people
            for thing in self.things
            if self.here(who)
            and not self.holder.get(thing)
            and self.lies_in.get(thing, self.here(who)) == self.here(who)
        ]
        give = [
            (who, thing, other)
            for thing, who in held
            for other in self.people
            if other != who and self.here(other) == self.here(who)
        ]
        possible = [(self.move, 4, [(who,) for who in self.people]), (self.take, 3, take)]
        possible += [(self.lie, 1, [(thing,) for thing in self.things if thing not in self.holder])]
        possible += [(self.drop, 1.5, [(who, thing) for thing, who in held]), (self.give, 4, give)]
        possible = [event for event in possible if event[2]]
        weights = [weight for _, weight, _ in possible]
        chosen = self.random.choice(len(possible), p=[w / sum(weights) for w in weights])
        act, _, options = possible[chosen]
        act(*self.pick(options))

    def move(self, who):
        place = self.pick([place for place in self.places if place != self.here(who)])
        verbs = [*WENT] + [FIRST] * (not self.visits[who])
        verbs += [AGAIN] * any(place == other for other, _ in self.visits[who])
        said = self.tell(who, self.pick(verbs), "the", place)
        self.visits[who].append((place, said))

    def lie(self, thing):
        place = self.pick(self.places)
        self.handled[thing] = self.tell("The", thing, FIRST, "the", place)
        self.holder[thing], self.lies_in[thing] = None, place

    def take(self, who, thing):
        self.handled[thing] = self.tell(who, self.pick(TOOK), "the", thing, *self.there())
        self.holder[thing] = who

    def drop(self, who, thing):
        self.handled[thing] = self.tell(who, self.pick(DROPPED), "the", thing, *self.there())
        self.holder[thing], self.lies_in[thing] = None, self.here(who)

    def give(self, who, thing, other):
        said = self.tell(who, self.pick(GAVE), "the", thing, "to", other)
        self.handled[thing], self.holder[thing] = said, other
        self.gifts.append((who, thing, other, said))

    # Questions: (question, answer, numbers of the supporting sentences) ------------------------

    def questions(self, kind):
        """Every question of a kind that the story answers."""
        return list(getattr(self, "_" + kind.replace(" ", "_"))())

    def _where_person(self):
        for who, visits in self.visits.items():
            if visits:
                yield f"Where is {who}?", visits[-1][0], (visits[-1][1],)

    def _where_thing(self):
        for thing, who in self.holder.items():
            place = self.here(who) if who else self.lies_in[thing]
            # Of a thing that was put down: the carrier's last visit before that.
            told = [n for at, n in self._visits_of_carrier(thing) if at == place][-1:]
            yield f"Where is the {thing}?", place, tuple(sorted({self.handled[thing], *told}))

    def _visits_of_carrier(self, thing):
        who, last = self.holder[thing], len(self.sentences)
        if not who:  # the first word of the sentence that told it
            who, last = self.sentences[self.handled[thing] - 1].split()[0], self.handled[thing]
        return [(place, n) for place, n in self.visits.get(who, ()) if n <= last]

    def _who_has(self):
        for thing, who in self.holder.items():
            yield f"Who has the {thing}?", who or "nobody", (self.handled[thing],)

    def _how_many(self):
        for who in self.people:
            mine = [thing for thing, holder in self.holder.items() if holder == who]
            if any(who in sentence for sentence in self.sentences):
                told = tuple(sorted(self.handled[thing] for thing in mine))
                yield f"How many things does {who} carry?", NUMBERS[len(mine)], told

    def _is_in(self):
        for who, visits in self.visits.items():
            for place in self.places if visits else ():
                answer = "yes" if place == visits[-1][0] else "no"
                yield f"Is {who} in the {place}?", answer, (visits[-1][1],)

    def _where_before(self):
        for who, visits in self.visits.items():
            places = [place for place, _ in visits]
            for (place, one), (after, two) in zip(visits, visits[1:], strict=False):
                if places.count(after) == 1:
                    yield f"Where was {who} before the {after}?", place, (one, two)

    def _who_gave(self):
        for who, thing, other, said in self.gifts:
            if sum(gift[1:3] == (thing, other) for gift in self.gifts) == 1:
                yield f"Who gave the {thing} to {other}?", who, (said,)


def example(random, kind, shortest=3, longest=14) -> Example:
    """A story of `shortest` to `longest` sentences with a question of that kind.

    All possible answers are equally probable.
    """
    while True:
        world = World(random)
        for _ in range(int(random.integers(shortest, longest + 1))):
            world.happen()
        if found := world.questions(kind):
            answer = world.pick(sorted({answer for _, answer, _ in found}))
            question, answer, support = world.pick([q for q in found if q[1] == answer])
            return Example(tuple(world.sentences), question, answer, kind, support)
