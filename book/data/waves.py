"""Waves: what a gun learns from, made from recorded Robocode battles and read back from the tables beside this file.

A *wave* is the circle of all places that a bullet fired now can reach; it grows by the bullet's speed each turn. While
it sweeps over the target it meets the angles that would have hit. Measured in guess factors they are the wave's
interval [a, b], the thing to predict.

Conventions are Robocode's. Positions are pixels, x to the right and y upwards. Angles are radians, clockwise from
north (the y axis). Time is turns. A robot is an upright square, 36 pixels wide, and moves at most 8 pixels a turn. A
guess factor is the angle between the shot and the straight line to the target, divided by the maximum escape angle
asin(8 / bullet speed), positive in the direction in which the target circles the shooter: 0 is straight at it, +1
about as far as it can get by going on, -1 by turning round.

    >>> waves = load("walls_trackfire")
    >>> waves.features.shape == (len(waves.a), len(FEATURES))
    True
"""

import gzip
import math
import zlib
from pathlib import Path
from typing import NamedTuple
from xml.etree import ElementTree

import numpy as np

FOLDER = Path(__file__).parent
HALF_WIDTH = 18.0  # pixels, of a robot
TOP_SPEED = 8.0  # pixels a turn, of a robot
BULLET_SPEED = 14.0  # pixels a turn: a bullet of power 2; the fastest flies at 19.7, the slowest at 11
ESCAPE = math.asin(TOP_SPEED / BULLET_SPEED)
GUN_READY = 30  # the first turn of a round at which a gun has cooled: heat 3, cooling 0.1 a turn
EVERY = 4  # a wave each fourth turn: waves a turn apart are nearly equal, and a gun fires each 11th to 16th

# What a gun knows of its target when it fires: name -> (unit, smallest, largest).
FEATURES = {
    "flight": ("turns", 0.0, 72.0),  # distance / bullet speed; the field's diagonal is 1000 pixels
    "lateral": ("px/turn", 0.0, 8.0),  # speed across the line of fire
    "advance": ("px/turn", -8.0, 8.0),  # speed along it, away from the shooter
    "change": ("px/turn^2", -8.0, 1.0),  # of speed since the turn before: 1 gaining, -2 braking, to -8 against a wall
    "ahead": ("px", 0.0, 1000.0),  # to the wall, the way the target goes
    "behind": ("px", 0.0, 1000.0),  # to the wall, the way it comes from
}
COLUMNS = {
    "round": ("1", 0.0, 999.0),
    "turn": ("turns", GUN_READY, 99999.0),
    **FEATURES,
    "a": ("guess factor", -math.pi / ESCAPE, math.pi / ESCAPE),
    "b": ("guess factor", -math.pi / ESCAPE, math.pi / ESCAPE),
    "complete": ("0 or 1", 0.0, 1.0),  # 0: the round ended while the wave still crossed, so [a, b] is the part seen
}
DECIMALS = dict.fromkeys(("round", "turn", "complete"), 0) | {"ahead": 1, "behind": 1}  # in a table; elsewhere 3
REPAIR = "Restore the committed table with `git checkout book/data`, or record anew with `make record`."


class Round(NamedTuple):
    """One round while both robots live, T turns. Robot 0 is the target, robot 1 the shooter."""

    position: np.ndarray  # (T, 2, 2): turn, robot, (x, y)
    heading: np.ndarray  # (T, 2), of the bodies
    velocity: np.ndarray  # (T, 2), negative when backing


class Record(NamedTuple):
    """A battle of two robots."""

    robots: tuple  # their names
    scores: tuple  # their total scores
    wins: tuple  # how many rounds each has won
    field: tuple  # width, height in pixels
    rounds: list


class Waves(NamedTuple):
    """The waves of one battle, W of them, by round and turn. See `COLUMNS` for units and ranges."""

    about: dict  # how the table was made: names, scores, versions
    round: np.ndarray  # (W,) int
    turn: np.ndarray  # (W,) int
    features: np.ndarray  # (W, 6), in the order of `FEATURES`
    a: np.ndarray  # (W,)
    b: np.ndarray  # (W,), greater than a
    complete: np.ndarray  # (W,) bool


# --- a record becomes waves ------------------------------------------------------------------------------------------


def read_record(source):
    """The battle in Robocode's XML record, a path or an open file. Raises ValueError where it is no duel."""
    field, rounds, robots = (800.0, 600.0), {}, []
    for _, element in ElementTree.iterparse(source):
        if element.tag == "rules":
            field = (float(element.get("battlefieldWidth")), float(element.get("battlefieldHeight")))
        elif element.tag == "turn":
            robots = sorted(element.iter("robot"), key=lambda robot: int(robot.get("id")))
            if len(robots) != 2:
                raise ValueError(f"A record must hold 2 robots in each turn; got {len(robots)}. Record a duel.")
            states = rounds.setdefault(int(element.get("round")), [])
            if all(robot.get("state") != "DEAD" for robot in robots):
                states.append([_state(robot) for robot in robots])
            element.clear()  # a record has thousands of turns
    if not robots:
        raise ValueError("A record must hold turns; got none. Did the battle run to its end?")
    scores = [robot.find("score") for robot in robots]
    return Record(
        robots=tuple(robot.get("name") for robot in robots),
        scores=tuple(round(float(score.get("totalScore"))) for score in scores),
        wins=tuple(int(score.get("totalFirsts")) for score in scores),
        field=field,
        rounds=[_round(np.array(rounds[number])) for number in sorted(rounds)],
    )


def _state(robot):
    return [float(robot.get(name)) for name in ("x", "y", "bodyHeading", "velocity")]


def _round(states):
    return Round(position=states[..., :2], heading=states[..., 2], velocity=states[..., 3])


def battle_table(record):
    """The waves of all rounds of a Record, an array (W, 11) with the columns of `COLUMNS`."""
    tables = [round_table(r, record.field) for r in record.rounds]
    return np.vstack([np.insert(table, 0, number, axis=1) for number, table in enumerate(tables)])


def round_table(r, field=(800.0, 600.0)):
    """The waves of one Round, an array (W, 10) with the columns of `COLUMNS` after `round`.

    Waves that had not reached the target when the round ended have met no angle: they are left out.
    """
    turn = np.arange(GUN_READY, len(r.position), EVERY)
    source, target = r.position[turn, 1], r.position[turn, 0]
    bearing, way = aim(r)
    low, high, complete = met_angles(source, bearing[turn], r.position[:, 0], turn)
    flight = np.hypot(*(target - source).T) / BULLET_SPEED
    met = high > low
    ends = np.sort(np.stack([low, high], axis=1)[met] * (way[turn[met]] / ESCAPE)[:, None], axis=1)
    return np.column_stack([turn[met], flight[met], motion(r, field)[turn[met]], ends, complete[met]])


def aim(r):
    """The bearing from shooter to target (T,), and the way (T,) in which the target circles: 1 clockwise, else -1.

    A target at rest keeps its last way; clockwise at first.
    """
    bearing = np.arctan2(*(r.position[:, 0] - r.position[:, 1]).T)
    lateral = r.velocity[:, 0] * np.sin(r.heading[:, 0] - bearing)
    last = np.maximum.accumulate(np.where(np.abs(lateral) > 1e-9, np.arange(len(lateral)), -1))
    return bearing, np.where((last < 0) | (lateral[last] > 0), 1.0, -1.0)


def motion(r, field):
    """The features (T, 5) after `flight`: lateral, advance, change, ahead, behind."""
    bearing, _ = aim(r)
    position, heading, velocity = r.position[:, 0], r.heading[:, 0], r.velocity[:, 0]
    course = heading + np.where(velocity < 0, math.pi, 0.0)
    lateral = np.abs(velocity * np.sin(heading - bearing))
    advance = velocity * np.cos(heading - bearing)
    change = np.diff(np.abs(velocity), prepend=0.0)
    walls = [wall_distance(position, way, field) for way in (course, course + math.pi)]
    return np.column_stack([lateral, advance, change, *walls])


def wall_distance(position, course, field):
    """How far (T,) a robot can go from `position` (T, 2) on `course` (T,) until its edge meets a wall."""
    step = np.stack([np.sin(course), np.cos(course)], axis=1)
    room = np.abs(np.where(step > 0, np.array(field) - HALF_WIDTH, HALF_WIDTH) - position)
    oblique = np.abs(step) > 1e-9  # a robot that slides along a wall does not meet it
    return np.divide(room, np.abs(step), out=np.full(step.shape, np.inf), where=oblique).min(axis=1)


def met_angles(source, bearing, path, turn, speed=BULLET_SPEED):
    """The extreme angles at which bullets fired from `source` at `turn` hit a robot on `path`.

    source : array (W, 2), pixels. bearing : array (W,), from which the angles are measured. path : array (T, 2), the
    robot's place in each turn. turn : int array (W,). speed : bullets', pixels a turn.
    Returns low, high : arrays (W,), inf and -inf where none hits. complete : bool array (W,), false where the path ends
    before the wave has passed the robot.

    Robocode moves bullets before robots: the step of a bullet from radius n speed to (n + 1) speed, n = 0, 1, ..., is
    held against the robot's place at turn + n.
    """
    low, high = np.full(len(turn), np.inf), np.full(len(turn), -np.inf)
    complete = np.zeros(len(turn), dtype=bool)
    for n in range(len(path)):
        w = np.flatnonzero(~complete & (turn + n < len(path)))
        if not len(w):
            break
        centre = path[turn[w] + n] - source[w]
        first, last = ring_angles(centre, bearing[w], n * speed, (n + 1) * speed)
        low[w], high[w] = np.minimum(low[w], first), np.maximum(high[w], last)
        complete[w] = n * speed > np.hypot(*(np.abs(centre) + HALF_WIDTH).T)
    return low, high, complete


def ring_angles(centre, bearing, inner, outer):
    """The extreme angles (W,), from `bearing`, at which the ring between two radii meets robots at `centre` (W, 2).

    They lie at a corner inside the ring, or where a side crosses one of its circles. inf and -inf: they do not meet.
    """
    x, y = np.moveaxis(centre[:, :, None] + np.array([-HALF_WIDTH, HALF_WIDTH]), 1, 0)  # the sides, (W, 2) each
    corners = np.broadcast_arrays(x[:, :, None], y[:, None, :])
    upright = np.broadcast_arrays(x[:, :, None, None], _crossings(x, inner, outer))
    level = np.broadcast_arrays(_crossings(y, inner, outer), y[:, :, None, None])
    places = [np.stack(pair, axis=-1).reshape(len(centre), -1, 2) for pair in (corners, upright, level)]
    place = np.concatenate(places, axis=1)
    radius, angle = np.hypot(*place.T).T, np.arctan2(*place.T).T - bearing[:, None]
    angle = (angle + math.pi) % (2 * math.pi) - math.pi
    met = (np.abs(place - centre[:, None]) <= HALF_WIDTH + 1e-9).all(axis=2)
    met &= (inner - 1e-9 <= radius) & (radius <= outer + 1e-9)
    return np.where(met, angle, np.inf).min(axis=1), np.where(met, angle, -np.inf).max(axis=1)


def _crossings(side, inner, outer):
    """Where lines at `side` (W, 2) from the shooter cross the two circles: (W, 2, 2, 2), nan where they do not."""
    square = np.array([inner, outer]) ** 2 - side[..., None] ** 2
    return np.sqrt(np.where(square >= 0, square, np.nan))[..., None] * np.array([-1.0, 1.0])


# --- waves as tables on disk -----------------------------------------------------------------------------------------


def save(path, table, about):
    """Write a battle's table (W, 11) and the facts about it as a gzipped csv: the whole file or none.

    The same table gives the same bytes.
    """
    facts = [f"# {key}: {value}" for key, value in about.items()]
    row = ",".join(f"%.{DECIMALS.get(column, 3)}f" for column in COLUMNS)
    rows = [row % tuple(values) for values in np.round(table, 3) + 0.0]  # + 0.0 turns -0 into 0
    part = Path(path).with_suffix(".part")
    part.write_bytes(gzip.compress("\n".join([*facts, ",".join(COLUMNS), *rows, ""]).encode(), mtime=0))
    part.replace(path)


def names(folder=FOLDER):
    """The names of the battles in `folder`, sorted."""
    return sorted(path.name.removesuffix(".csv.gz") for path in Path(folder).glob("*.csv.gz"))


def load(name, folder=FOLDER):
    """The Waves of a battle, checked: columns, ranges, whole numbers, a < b, order. `names()` lists the battles.

    Raises ValueError, which names the file, the column, what it must be and what came.
    """
    if name not in names(folder):
        raise ValueError(f"`name` must be one of {', '.join(names(folder))}; got {name!r}.")
    path = Path(folder) / f"{name}.csv.gz"
    about, cells = _read(path)
    column = {c: _numbers(path, c, cells[:, i]) for i, c in enumerate(COLUMNS)}
    when = column["round"] * 1e5 + column["turn"]
    _forbid(path, "turn", "grow from row to row, round after round", column["turn"], np.diff(when, prepend=-1) <= 0)
    _forbid(path, "b", "exceed column `a`", column["b"], column["b"] <= column["a"])
    return Waves(
        about,
        round=column["round"].astype(int),
        turn=column["turn"].astype(int),
        features=np.column_stack([column[c] for c in FEATURES]),
        a=column["a"],
        b=column["b"],
        complete=column["complete"] == 1,
    )


def _read(path):
    """The facts (a dict) and the cells (a string array) of a table."""
    try:
        lines = gzip.decompress(path.read_bytes()).decode().splitlines()
    except (OSError, EOFError, zlib.error, UnicodeDecodeError) as error:
        raise ValueError(f"{path.name} must be gzipped text; got {error}. {REPAIR}") from None
    about = dict(line[2:].split(": ", 1) for line in lines if line.startswith("# "))
    head, *rows = [line for line in lines if not line.startswith("#")] or [""]
    if head.split(",") != list(COLUMNS):
        raise ValueError(f"{path.name} must have the columns {','.join(COLUMNS)}; got {head!r}. {REPAIR}")
    cells = [row.split(",") for row in rows]
    uneven = [f"{len(row)} in row {number}" for number, row in enumerate(cells, 1) if len(row) != len(COLUMNS)]
    if uneven or not cells:
        got = uneven[0] if uneven else "no row"
        raise ValueError(f"{path.name} must have rows of {len(COLUMNS)} cells; got {got}. {REPAIR}")
    return about, np.array(cells)


def _numbers(path, column, cells):
    try:
        values = cells.astype(float)
    except ValueError as error:
        raise ValueError(f"{path.name}, column `{column}`: must hold numbers; got {error}. {REPAIR}") from None
    unit, low, high = COLUMNS[column]
    inside = (low <= values) & (values <= high)  # false for nan
    _forbid(path, column, f"lie between {low:g} and {high:g} ({unit})", values, ~inside)
    if DECIMALS.get(column) == 0:
        _forbid(path, column, "hold whole numbers", values, values != np.round(values))
    return values


def _forbid(path, column, must, values, bad):
    if bad.any():
        row = np.argmax(bad)
        raise ValueError(f"{path.name}, column `{column}`: must {must}; got {values[row]:g} in row {row + 1}. {REPAIR}")
