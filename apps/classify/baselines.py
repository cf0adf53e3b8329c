"""Baselines: the most frequent label, and logistic regression on bags of words."""

import numpy as np
from scipy import optimize, sparse, special

STRENGTHS = (30.0, 10.0, 3.0, 1.0, 0.3)  # of the penalty; chosen on validation
PAIRS = 1 << 32  # code of the pair i, j: PAIRS i + j; of token i alone: i
FEWEST = 2  # minimum number of texts with a token pair that is a feature


def features(rows, longest):
    """Token rows -> sets of int64 codes of their n-grams up to `longest` (1 or 2) tokens."""
    found = []
    for row in rows:
        row = row[:-1].astype(np.int64)  # without EOS
        codes = [row] if longest < 2 else [row, PAIRS * row[:-1] + row[1:]]
        found.append(np.unique(np.concatenate(codes)))
    return found


def matrix(bags, vocabulary):
    """Binary `[texts, features]`, float64 CSR: a 1 where a text has the feature."""
    lengths = [len(bag) for bag in bags]
    codes = np.concatenate(bags)
    columns = np.minimum(np.searchsorted(vocabulary, codes), len(vocabulary) - 1)
    known = (vocabulary[columns] == codes).astype(float)
    shape = len(bags), len(vocabulary)
    return sparse.csr_array((known, columns, np.cumsum([0, *lengths])), shape=shape)


class LogisticRegression:
    """p = softmax(x W + b) with a bag of features x, fitted by L-BFGS.

    Minimises the sum over texts of -log p[label], plus strength / 2 |W|^2.
    """

    def __init__(self, vocabulary, weights, bias):
        self.vocabulary, self.weights, self.bias = vocabulary, weights, bias

    def __call__(self, bags):
        """-> log-probabilities `[texts, labels]`."""
        logits = matrix(bags, self.vocabulary) @ self.weights + self.bias
        return special.log_softmax(logits, -1)

    @classmethod
    def fit(cls, bags, numbers, labels, strength, start=None):
        """`start`: a regression fitted to the same bags with a similar strength."""
        vocabulary, counts = np.unique(np.concatenate(bags), return_counts=True)
        vocabulary = vocabulary[(counts >= FEWEST) | (vocabulary < PAIRS)]
        x, shape = matrix(bags, vocabulary), (len(vocabulary) + 1, labels)
        wanted = np.eye(labels)[numbers]

        def loss(flat):
            weights, bias = np.split(flat.reshape(shape), [-1])
            log_p = special.log_softmax(x @ weights + bias, -1)
            error = np.exp(log_p) - wanted
            gradient = np.concatenate([x.T @ error + strength * weights, error.sum(0)[None]])
            value = -np.sum(log_p * wanted) + strength / 2 * np.sum(weights**2)
            return value, gradient.ravel()

        first = np.zeros(shape) if start is None else np.vstack([start.weights, start.bias])
        options = {"maxiter": 100}
        done = optimize.minimize(loss, first.ravel(), jac=True, method="L-BFGS-B", options=options)
        weights, bias = np.split(done.x.reshape(shape), [-1])
        return cls(vocabulary, weights, bias[0])


def baselines(train, checks, rows, labels):
    """Label numbers that the baselines assign to token `rows`.

    Args:
        train, checks: (token rows, label numbers) for fitting, and for choosing the strength.
        labels: number of labels.

    Returns:
        name -> (int `[texts]`, description of the method).
    """
    most = np.bincount(train[1], minlength=labels).argmax()
    found = {"majority": (np.full(len(rows), most), "most frequent in training")}
    for name, longest in (("bag_of_words", 1), ("bag_of_bigrams", 2)):
        bags = [features(part, longest) for part in (train[0], checks[0], rows)]
        best, model = -1.0, None
        for strength in STRENGTHS:
            model = LogisticRegression.fit(bags[0], train[1], labels, strength, model)
            right = np.mean(model(bags[1]).argmax(-1) == checks[1])
            if right > best:
                best, told = right, f"logistic regression|binary|l2:{strength:g}"
                answer = model(bags[2]).argmax(-1)
        found[name] = answer, told
    return found
