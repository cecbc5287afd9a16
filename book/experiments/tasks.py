"""Three tasks of gymnasium with known transition tables, their exact experts, and the exact worth of any policy."""

from functools import cache
from typing import NamedTuple

import gymnasium
import numpy as np

DISCOUNT = 0.99
# The actions of all tasks together, and which of them each task has, in its own order.
ACTIONS = ("south", "north", "east", "west", "pick up", "drop off")
NAMES = {
    "FrozenLake": ("FrozenLake-v1", {"map_name": "8x8", "is_slippery": True}, ("west", "south", "east", "north")),
    "CliffWalking": ("CliffWalking-v1", {}, ("north", "east", "south", "west")),
    "Taxi": ("Taxi-v4", {}, ACTIONS),
}
CELLS = {"FrozenLake": (8, 8), "CliffWalking": (4, 12), "Taxi": (5, 5, 5, 4)}  # a state is a place on this grid


class Task(NamedTuple):
    """A Markov decision process of S states and A actions, all known."""

    P: np.ndarray  # (S, A, S): chance of the next state; rows sum to less than 1 where the episode may end
    R: np.ndarray  # (S, A): expected reward
    start: np.ndarray  # (S,): chances of the first state
    Q: np.ndarray  # (S, A): discounted worth of an action and the best ones after it
    states: np.ndarray  # (n,): the states that can be reached
    actions: np.ndarray  # (A,): their places in ACTIONS
    random: float  # worth of the policy that draws its actions evenly
    expert: float  # worth of the greedy one


@cache
def load(name):
    """The task by its name in NAMES."""
    identity, options, actions = NAMES[name]
    P, R, start = tables(gymnasium.make(identity, **options).unwrapped)
    Q = best_worth(P, R)
    S, A = R.shape
    reached = np.linalg.solve(np.eye(S) - DISCOUNT * P.mean(1).T, start) > 1e-12
    places = np.array([ACTIONS.index(action) for action in actions])
    values = (worth(P, R, start, policy) for policy in (np.full((S, A), 1 / A), greedy(Q)))
    return Task(P, R, start, Q, np.flatnonzero(reached), places, *values)


def tables(environment):
    """(P, R, start) of a gymnasium environment that lists its transitions."""
    S, A = environment.observation_space.n, environment.action_space.n
    P, R = np.zeros((S, A, S)), np.zeros((S, A))
    for s in range(S):
        for a in range(A):
            for chance, after, reward, done in environment.P[s][a]:
                R[s, a] += chance * reward
                P[s, a, after] += chance * (not done)
    return P, R, np.asarray(environment.initial_state_distrib, float)


def best_worth(P, R):
    """Q (S, A) by value iteration, until nothing moves by more than 1e-12."""
    Q, change = R, np.inf
    while change > 1e-12:
        Q, before = R + DISCOUNT * P @ Q.max(1), Q
        change = abs(Q - before).max()
    return Q


def greedy(scores):
    """The policy (S, A) that takes the first of the actions with the highest score."""
    return np.eye(scores.shape[1])[scores.argmax(1)]


def worth(P, R, start, policy):
    """Expected discounted reward of a policy (S, A) from the start: a linear system, no rollouts."""
    step = np.einsum("sa,sat->st", policy, P)
    return float(start @ np.linalg.solve(np.eye(len(R)) - DISCOUNT * step, (policy * R).sum(1)))


def score(task, policy):
    """0 for the random policy, 1 for the expert; a policy that loses more than chance does is below 0."""
    return (worth(task.P, task.R, task.start, policy) - task.random) / (task.expert - task.random)


def features(name):
    """(S, F): which task it is, and one-hot coordinates of the state on the grid of its task; 0 for the other tasks."""
    before = list(CELLS)[: list(CELLS).index(name)]
    first, width = sum(sum(CELLS[other]) for other in before), sum(map(sum, CELLS.values()))
    cells = CELLS[name]
    X = np.zeros((np.prod(cells), len(CELLS) + width))
    X[:, len(before)] = 1
    columns = len(CELLS) + first + np.cumsum((0, *cells[:-1]))
    for column, coordinate in zip(columns, np.indices(cells), strict=True):
        X[np.arange(len(X)), column + coordinate.ravel()] = 1
    return X
