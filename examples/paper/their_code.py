"""The code that exists beside `existing_code.sail`: a random forest (Breiman 2001), as
scikit-learn has it. It knows nothing of SAIL."""

from sklearn.ensemble import RandomForestClassifier


def train(x, y, seed):
    """A forest of 100 trees from questions (k, n) and the indices of their classes (k,)."""
    return RandomForestClassifier(random_state=seed).fit(x, y)


def predict(forest, x):
    """The index of the class of one question (n,)."""
    return int(forest.predict(x[None])[0])
