"""Accuracy of each kind of question and overall, the majority baseline, and attention scores."""

from collections import Counter, defaultdict

from common.metrics import Score, accuracy

SOLVED = 95  # accuracy in percent for a task to count as solved (Weston et al. 2015)


def majority(training, examples):
    """The most frequent training answer to each example's kind of question; of all if it is new."""
    counts, of_all = defaultdict(Counter), Counter()
    for example in training:
        counts[example.kind][example.answer] += 1
        of_all[example.answer] += 1

    def most(kind):  # ties go to the first in the alphabet
        each = counts.get(kind, of_all)
        return min(each, key=lambda answer: (-each[answer], answer))

    return [most(example.kind) for example in examples]


def means(prefix, found, examples):
    """label -> Score: accuracy over all questions, and its mean over the kinds."""
    each = of_kinds(found, examples)
    mean = sum(score.value for score in each.values()) / len(each)
    signature = f"percent|mean over kinds:{len(each)}|n:{len(examples)}"
    return {
        f"{prefix}accuracy": accuracy(found, [example.answer for example in examples]),
        f"{prefix}mean_over_kinds": Score("mean accuracy", mean, signature),
    }


def of_kinds(found, examples):
    """kind -> Score, in order of first appearance."""
    pairs = defaultdict(list)
    for answer, example in zip(found, examples, strict=True):
        pairs[example.kind].append((answer, example.answer))
    return {kind: accuracy(*map(list, zip(*rows, strict=True))) for kind, rows in pairs.items()}


def by_kind(found, examples):
    """label -> Score: `means`, the number of solved kinds, and the accuracy of each kind."""
    each = of_kinds(found, examples)
    solved = sum(score.value >= SOLVED for score in each.values())
    count = Score("kinds solved", solved, f"of {len(each)}|accuracy>={SOLVED}")
    return means("", found, examples) | {"kinds_solved": count} | each


def looked_at_support(looks, examples):
    """label -> Score: percentage of questions where a hop attends most to a supporting sentence.

    Counts questions whose support is known and is read; empty without any.
    """
    hits = []
    for look, example in zip(looks, examples, strict=True):
        before = len(example.story) - len(look.sentences)  # sentences that are not read
        support = {number - 1 - before for number in example.support} - set(range(-before, 0))
        if support:
            most = {max(range(len(hop)), key=hop.__getitem__) for hop in look.attention}
            hits.append(bool(most & support))
    if not hits:
        return {}
    value, signature = 100 * sum(hits) / len(hits), f"percent|any hop|n:{len(hits)}"
    return {"looked_at_support": Score("looked at support", value, signature)}
