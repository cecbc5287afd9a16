"""The waves of book/data: the conversion on battles whose answer is known, the loader's errors, the committed data."""

import gzip
import io
import math
import re
from xml.etree import ElementTree

import numpy as np
import pytest

from book.data import record, waves
from book.data.waves import COLUMNS, ESCAPE, FEATURES, GUN_READY, HALF_WIDTH, Round, met_angles

COLUMN = {name: i for i, name in enumerate(list(COLUMNS)[1:])}  # of a round's table
SIZE = (800.0, 600.0)


def battle(target, shooter=(400.0, 300.0), heading=0.0, velocity=0.0):
    """A Round from the target's path (T, 2); shooter, heading and velocity broadcast."""
    turns = len(target)
    position = np.stack([target, np.broadcast_to(shooter, (turns, 2))], axis=1)
    both = [np.stack([np.broadcast_to(v, turns), np.zeros(turns)], axis=1) for v in (heading, velocity)]
    return Round(position, *both)


def straight(start, heading, velocity, turns=120):
    """A Round in which the target goes straight at one speed."""
    way = velocity * np.array([math.sin(heading), math.cos(heading)])
    return battle(start + way * np.arange(turns)[:, None], heading=heading, velocity=velocity)


def wanderer(rng, turns=160):
    """A Round in which target and shooter wander, each on a path that a robot could take or worse."""
    heading = np.cumsum(rng.uniform(-0.17, 0.17, (turns, 2)), axis=0) + rng.uniform(0, 7, 2)
    velocity = np.clip(np.cumsum(rng.uniform(-1, 1, (turns, 2)), axis=0), -8, 8)
    step = velocity[..., None] * np.stack([np.sin(heading), np.cos(heading)], axis=-1)
    start = np.array([[250.0, 200.0], [550.0, 400.0]])
    return Round(np.clip(start + np.cumsum(step, axis=0), 18, [782, 582]), heading, velocity)


def column(table, name):
    return table[:, COLUMN[name]]


# --- guess factors ---------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("bearing", [0.0, 0.3, math.pi / 4, 2.0, math.pi, -1.2])
@pytest.mark.parametrize("distance", [60.0, 200.0, 270.0])
def test_target_at_rest_is_met_over_the_angles_that_its_square_covers(distance, bearing):
    centre = distance * np.array([math.sin(bearing), math.cos(bearing)])
    corners = centre + HALF_WIDTH * np.array([[1, 1], [1, -1], [-1, 1], [-1, -1]])
    seen = np.arctan2(*corners.T) - bearing
    seen = (seen + math.pi) % (2 * math.pi) - math.pi
    table = waves.round_table(battle(np.broadcast_to(np.array([400.0, 300.0]) + centre, (120, 2))))
    complete = column(table, "complete") == 1
    np.testing.assert_allclose(column(table, "a")[complete] * ESCAPE, seen.min(), atol=1e-12)
    np.testing.assert_allclose(column(table, "b")[complete] * ESCAPE, seen.max(), atol=1e-12)


def test_target_at_rest_far_off_is_met_half_a_robot_to_either_side():
    table = waves.round_table(battle(np.broadcast_to([400.0, 560.0], (120, 2))))
    half = math.atan(HALF_WIDTH / 260) / ESCAPE
    np.testing.assert_allclose(table[0, [COLUMN["a"], COLUMN["b"]]], [-half, half], rtol=0.1)


@pytest.mark.parametrize("heading", [math.pi / 2, -math.pi / 2])
def test_flight_at_full_speed_across_the_line_of_fire_is_guess_factor_one(heading):
    # The law of sines: a bullet at 14 meets a robot at 8 where sin(angle) = 8/14. The path is square to the first wave.
    r = straight(np.array([400.0 - 8 * GUN_READY * math.sin(heading), 560.0]), heading, 8.0)
    a, b = waves.round_table(r)[0, [COLUMN["a"], COLUMN["b"]]]
    assert a < 1 < b
    assert (a + b) / 2 == pytest.approx(1, abs=0.05)


def test_backing_counts_as_going_the_other_way():
    forward, backward = (
        straight(np.array([160.0, 560.0]), math.pi / 2, 8.0),
        straight(np.array([160.0, 560.0]), -math.pi / 2, -8.0),
    )
    np.testing.assert_allclose(waves.round_table(forward), waves.round_table(backward), atol=1e-9)


def test_turning_round_when_the_gun_fires_is_guess_factor_minus_one():
    turn = np.arange(120)
    r = battle(np.stack([400.0 - 8 * np.abs(turn - GUN_READY), np.full(120, 560.0)], axis=1), heading=math.pi / 2)
    r.velocity[:, 0] = np.where(turn <= GUN_READY, 8.0, -8.0)
    a, b = waves.round_table(r)[0, [COLUMN["a"], COLUMN["b"]]]
    assert a < -1 < b
    assert (a + b) / 2 == pytest.approx(-1, abs=0.05)


def test_mirror_image_has_the_same_guess_factors():
    r = wanderer(np.random.default_rng(3))
    mirrored = Round(r.position * [-1, 1] + [800, 0], -r.heading, r.velocity)
    np.testing.assert_allclose(waves.round_table(mirrored), waves.round_table(r), atol=1e-8)


def test_mirror_image_swaps_and_negates_the_angles():
    r, turn = wanderer(np.random.default_rng(4)), np.arange(0, 60, 5)
    bearing, _ = waves.aim(r)
    low, high, _ = met_angles(r.position[turn, 1], bearing[turn], r.position[:, 0], turn)
    flip = np.array([-1.0, 1.0])
    left, right, _ = met_angles(r.position[turn, 1] * flip, -bearing[turn], r.position[:, 0] * flip, turn)
    np.testing.assert_allclose([left, right], [-high, -low], atol=1e-9)


def test_quarter_turn_of_a_square_field_changes_nothing():
    r = wanderer(np.random.default_rng(5))
    turned = Round(r.position[..., ::-1] * [1, -1] + [0, 600], r.heading + math.pi / 2, r.velocity)
    np.testing.assert_allclose(waves.round_table(turned, (600, 600)), waves.round_table(r, (600, 600)), atol=1e-8)


def test_target_that_stops_keeps_its_way():
    x = 200.0 + 8 * np.minimum(np.arange(60), 20)
    r = battle(np.stack([x, np.full(60, 500.0)], axis=1), heading=-math.pi / 2)
    r.velocity[:20, 0] = -8.0  # backs to the east, clockwise as seen from below, then rests
    assert (waves.aim(r)[1] == 1).all()
    r.velocity[:20, 0] = 8.0
    assert (waves.aim(r)[1] == -1).all()


def hits(source, angle, path, turn, speed):
    """Whether one bullet hits, step by step as Robocode moves it: its segment against the robot's square."""
    way = np.array([math.sin(angle), math.cos(angle)])
    for n, centre in enumerate(path[turn:]):
        with np.errstate(divide="ignore"):
            gates = (centre - source + np.array([[-HALF_WIDTH], [HALF_WIDTH]])) / way
        enters, leaves = np.sort(gates, axis=0)
        if max(enters.max(), n * speed) <= min(leaves.min(), (n + 1) * speed):
            return True
    return False


@pytest.mark.parametrize("speed", [11.0, 14.0, 19.7])
def test_bullets_at_the_ends_hit_and_beyond_them_miss(speed):
    rng = np.random.default_rng(6)
    for r in (wanderer(rng) for _ in range(20)):
        turn = np.array([40])
        bearing, _ = waves.aim(r)
        source, path = r.position[40, 1], r.position[:, 0]
        low, high, complete = met_angles(source[None], bearing[turn], path, turn, speed)
        assert complete.all()
        for end, inwards in ((low[0], 1e-7), (high[0], -1e-7)):
            assert hits(source, bearing[40] + end + inwards, path, 40, speed)
            assert not hits(source, bearing[40] + end - inwards, path, 40, speed)


# --- the end of a round, and what a gun knows ------------------------------------------------------------------------


def test_wave_that_never_reached_its_target_is_left_out():
    turns = GUN_READY + 5
    assert len(waves.round_table(battle(np.broadcast_to([400.0, 560.0], (turns, 2))))) == 0


def test_wave_still_crossing_at_the_end_keeps_the_part_seen():
    whole, cut = straight(np.array([160.0, 500.0]), math.pi / 2, 8.0), []
    for end in range(GUN_READY + 10, GUN_READY + 30):
        table = waves.round_table(Round(*(part[:end] for part in whole)))
        if len(table):
            cut.append(table[0, -3:])
    (a, b, complete), seen = waves.round_table(whole)[0, -3:], np.array(cut)
    assert complete == 1 and not seen[0, 2] and seen[-1, 2]
    assert ((a <= seen[:, 0]) & (seen[:, 1] <= b)).all()
    assert (np.diff(seen[:, 0]) <= 0).all() and (np.diff(seen[:, 1]) >= 0).all()
    np.testing.assert_array_equal(seen[-1, :2], [a, b])


def test_features_are_what_a_reader_computes_by_hand():
    r = straight(np.array([100.0, 500.0]), math.pi / 2, 6.0)  # east, above a shooter at (400, 300)
    at = 100 + 6 * GUN_READY  # x = 280: 120 west of the shooter, 200 north
    distance = math.hypot(120, 200)
    expected = [distance / 14, 6 * 200 / distance, -6 * 120 / distance, 0, 800 - 18 - at, at - 18]
    np.testing.assert_allclose(waves.round_table(r)[0, 1:7], expected, atol=1e-9)


def test_change_is_of_speed_not_of_velocity():
    r = battle(np.broadcast_to([400.0, 500.0], (40, 2)), heading=1.0, velocity=-np.arange(40.0).clip(0, 8))
    change = waves.motion(r, SIZE)[:, 2]
    assert (change[1:9] == 1).all() and (change[9:] == 0).all()


@pytest.mark.parametrize(("course", "room"), [(0, 82), (math.pi / 2, 182), (math.pi, 482), (-math.pi / 2, 582)])
def test_wall_is_met_by_the_robots_edge(course, room):
    assert waves.wall_distance(np.array([[600.0, 500.0]]), np.array([course]), SIZE) == pytest.approx(room)


def test_robot_that_slides_along_a_wall_does_not_meet_it():
    assert waves.wall_distance(np.array([[18.0, 300.0]]), np.array([math.pi]), SIZE) == pytest.approx(282)


# --- Robocode's record -----------------------------------------------------------------------------------------------

ROBOT = (
    '<robot id="{}" state="{}" x="{}" y="2" bodyHeading="3" velocity="-4" name="sample.{}">'
    '<score totalScore="12.6" totalFirsts="1"/></robot>'
)


def recorded(turns):
    """XML of a record; `turns` holds (round, [robots])."""
    body = "".join(f'<turn round="{n}" turn="0"><robots>{"".join(robots)}</robots></turn>' for n, robots in turns)
    rules = '<recordInfo><rules battlefieldWidth="1000" battlefieldHeight="500"/></recordInfo>'
    return io.BytesIO(f"<record>{rules}<turns>{body}</turns></record>".encode())


def test_record_is_read_robot_by_robot_until_one_dies():
    walls, dead = ROBOT.format(0, "HIT_WALL", 1, "Walls"), ROBOT.format(0, "DEAD", 1, "Walls")
    fire = ROBOT.format(1, "ACTIVE", 5, "Fire")
    r = waves.read_record(recorded([(0, [fire, walls]), (0, [walls, fire]), (0, [dead, fire]), (1, [walls, fire])]))
    assert r[:4] == (("sample.Walls", "sample.Fire"), (13, 13), (1, 1), (1000.0, 500.0))
    assert [len(one.position) for one in r.rounds] == [2, 1]
    np.testing.assert_array_equal(r.rounds[0].position, [[[1, 2], [5, 2]]] * 2)
    assert (r.rounds[0].heading == 3).all() and (r.rounds[0].velocity == -4).all()


def test_record_of_three_robots_or_of_none_is_refused():
    three = [ROBOT.format(i, "ACTIVE", 1, "Walls") for i in range(3)]
    with pytest.raises(ValueError, match="2 robots in each turn; got 3"):
        waves.read_record(recorded([(0, three)]))
    with pytest.raises(ValueError, match="got none"):
        waves.read_record(recorded([]))


# --- tables on disk --------------------------------------------------------------------------------------------------

ROWS = np.array(
    [
        [0, 30, 20, 8, -1, 0, 300, 200.5, -0.1, 0.1, 1],
        [0, 34, 21, 7, -0.00001, -2, 290, 210, 0.9, 1.2, 1],
        [1, 30, 22, 0, 0, 1, 1, 900, -1, 1, 0],
    ]
)


def write(folder, text):
    (folder / "duel.csv.gz").write_bytes(gzip.compress(text.encode()))


def test_table_comes_back_as_it_was_saved(tmp_path):
    waves.save(tmp_path / "duel.csv.gz", ROWS, {"target": "sample.Walls", "score": "1: 2"})
    w = waves.load("duel", tmp_path)
    assert waves.names(tmp_path) == ["duel"] and w.about == {"target": "sample.Walls", "score": "1: 2"}
    table = np.column_stack([w.round, w.turn, w.features, w.a, w.b, w.complete])
    np.testing.assert_allclose(table, ROWS, atol=1e-3)
    assert w.round.dtype == int and w.complete.dtype == bool


def test_same_table_gives_the_same_bytes(tmp_path):
    for name in ("one.csv.gz", "two.csv.gz"):
        waves.save(tmp_path / name, ROWS, {})
    assert (tmp_path / "one.csv.gz").read_bytes() == (tmp_path / "two.csv.gz").read_bytes()
    assert b"-0.000" not in gzip.decompress((tmp_path / "one.csv.gz").read_bytes())


HEAD = ",".join(COLUMNS)
GOOD = "0,30,20,8,-1,0,300,200,-0.1,0.1,1"
BAD_TABLES = {
    "no head": ("", "must have the columns round,turn,.*got ''"),
    "a column renamed": (HEAD.replace("flight", "distance") + "\n" + GOOD, "must have the columns"),
    "no row": (HEAD, "rows of 11 cells; got no row"),
    "a cell lost": (f"{HEAD}\n{GOOD}\n{GOOD[2:]}", "rows of 11 cells; got 10 in row 2"),
    "text": (f"{HEAD}\n{GOOD.replace('300', 'far')}", "column `ahead`: must hold numbers; got .*far"),
    "not a number": (f"{HEAD}\n{GOOD.replace('0.1,1', 'nan,1')}", "column `b`: must lie between .*got nan in row 1"),
    "infinite": (f"{HEAD}\n{GOOD.replace('200', 'inf')}", r"`behind`: must lie between 0 and 1000 \(px\); got inf"),
    "too fast": (
        f"{HEAD}\n{GOOD.replace(',8,', ',8.5,')}",
        r"`lateral`: must lie between 0 and 8 \(px/turn\); got 8.5",
    ),
    "half a round": (f"{HEAD}\n0.5{GOOD[1:]}", "column `round`: must hold whole numbers; got 0.5"),
    "half complete": (f"{HEAD}\n{GOOD[:-1]}0.5", "column `complete`: must hold whole numbers; got 0.5"),
    "a after b": (f"{HEAD}\n{GOOD.replace('-0.1', '0.1')}", "column `b`: must exceed column `a`; got 0.1 in row 1"),
    "a row twice": (f"{HEAD}\n{GOOD}\n{GOOD}", "column `turn`: must grow from row to row.*got 30 in row 2"),
    "rounds mixed": (f"{HEAD}\n1{GOOD[1:]}\n{GOOD}", "column `turn`: must grow from row to row"),
}


@pytest.mark.parametrize(("text", "message"), BAD_TABLES.values(), ids=BAD_TABLES)
def test_bad_table_is_refused_by_file_and_column(tmp_path, text, message):
    write(tmp_path, text)
    with pytest.raises(ValueError, match=f"duel.csv.gz.*{message}.*git checkout book/data"):
        waves.load("duel", tmp_path)


def test_good_rows_of_the_bad_tables_load(tmp_path):
    write(tmp_path, f"# target: sample.Walls\n{HEAD}\n{GOOD}\n{GOOD.replace('30', '34', 1)}\n")
    assert len(waves.load("duel", tmp_path).a) == 2


@pytest.mark.parametrize("damage", [lambda data: data[:-20], lambda data: b"plain text", lambda data: data[:20] * 3])
def test_damaged_file_is_refused_by_name(tmp_path, damage):
    waves.save(tmp_path / "duel.csv.gz", ROWS, {})
    (tmp_path / "duel.csv.gz").write_bytes(damage((tmp_path / "duel.csv.gz").read_bytes()))
    with pytest.raises(ValueError, match="duel.csv.gz must be gzipped text; got "):
        waves.load("duel", tmp_path)


def test_unknown_name_is_refused_with_the_names_there_are():
    with pytest.raises(ValueError, match="must be one of crazy_trackfire, .*; got 'crazy'"):
        waves.load("crazy")


# --- the committed tables --------------------------------------------------------------------------------------------


def test_a_table_is_committed_for_each_battle_of_the_recorder():
    assert waves.names() == sorted(record.BATTLES)


def test_tables_are_a_few_hundred_kilobytes():
    sizes = [path.stat().st_size for path in waves.FOLDER.glob("*.csv.gz")]
    assert max(sizes) < 200_000 and sum(sizes) < 500_000


@pytest.mark.parametrize("name", sorted(record.BATTLES))
def test_committed_table_loads_and_is_a_whole_battle(name):
    w = waves.load(name)
    assert (w.about["target"], w.about["shooter"]) == record.BATTLES[name]
    assert list(np.unique(w.round)) == list(range(record.ROUNDS)) == list(range(int(w.about["rounds"])))
    assert len(w.a) > 1000 and w.complete.mean() > 0.95
    assert w.features.shape == (len(w.a), len(FEATURES)) and np.isfinite(w.features).all()
    assert (np.diff(w.turn)[np.diff(w.round) == 0] % waves.EVERY == 0).all()
    assert ((w.b - w.a)[w.complete] > 0.05).all()  # a robot 36 wide, at most 1000 away


@pytest.mark.parametrize("name", sorted(record.BATTLES))
def test_data_card_states_what_the_table_holds(name):
    w = waves.load(name)
    row = next(
        line
        for line in (waves.FOLDER / "README.md").read_text(encoding="utf-8").splitlines()
        if line.startswith(f"| {name} |")
    )
    facts = [w.about["target"], w.about["shooter"], w.about["rounds"], w.about["wins"], w.about["score"]]
    facts += [f"{len(w.a):,}", str(np.sum(~w.complete))]
    assert [cell.strip(" `") for cell in row.strip("|").split("|")[1:]] == facts


def test_data_card_names_every_column_and_the_version():
    card = (waves.FOLDER / "README.md").read_text(encoding="utf-8")
    of_waves = card.partition("\n## torch")[0]  # the folder also has another record
    assert set(re.findall(r"^\| `(\w+)` \|", of_waves, re.MULTILINE)) == set(COLUMNS)
    assert {waves.load(name).about["robocode"] for name in waves.names()} == set(re.findall(r"1\.9\.3\.9-\d+", card))


# --- recording -------------------------------------------------------------------------------------------------------


def fake_java(folder, version):
    program = folder / "java"
    program.write_text(f"#!/bin/sh\necho 'openjdk version \"{version}\"' >&2\n")
    program.chmod(0o755)
    return str(program)


def test_recorder_without_java_says_how_to_get_it(monkeypatch):
    monkeypatch.setenv("JAVA", "no-such-java")
    with pytest.raises(SystemExit, match="`no-such-java` does not run.*apt-get install openjdk-17"):
        record.main([])


@pytest.mark.parametrize("version", ["11.0.2", "25.0.1"])
def test_recorder_with_an_unfit_java_says_which_it_needs(monkeypatch, tmp_path, version):
    monkeypatch.setenv("JAVA", fake_java(tmp_path, version))
    with pytest.raises(SystemExit, match=f"version 17 to 23; .* is of version {version[:2]}"):
        record.main([])


def test_recorder_without_debians_tools_says_where_to_record(monkeypatch, tmp_path):
    monkeypatch.setenv("JAVA", fake_java(tmp_path, "17.0.1"))
    monkeypatch.setenv("PATH", str(tmp_path))
    with pytest.raises(
        SystemExit, match="`apt-get` is missing.*Record on Debian or Ubuntu(.|\n)*`dpkg-deb` is missing"
    ):
        record.main([])


def test_recorder_refuses_an_unknown_battle_with_the_known_ones(capsys):
    with pytest.raises(SystemExit):
        record.main(["chess"])
    assert "must be one of crazy_trackfire, " in re.sub(r"\s+", " ", capsys.readouterr().err)


def test_interrupted_recorder_keeps_the_battles_it_finished(monkeypatch, tmp_path):
    rounds = [wanderer(np.random.default_rng(seed)) for seed in range(2)]
    battles = iter([waves.Record(("sample.Crazy", "sample.TrackFire"), (1, 2), (0, 2), SIZE, rounds)])

    def play(folder, robots, rounds, progress):
        progress("round 1 of 2")
        return next(battles, None)

    def read(played):
        if played is None:
            raise KeyboardInterrupt
        return played

    monkeypatch.setattr(record, "missing", lambda: [])
    monkeypatch.setattr(record, "unpack", lambda folder: "1.9")
    monkeypatch.setattr(record, "play", play)
    monkeypatch.setattr(record.waves, "read_record", read)
    with pytest.raises(KeyboardInterrupt):
        record.main(["--output", str(tmp_path), "crazy_trackfire", "walls_trackfire"])
    assert waves.names(tmp_path) == ["crazy_trackfire"]
    assert list(tmp_path.iterdir()) == [tmp_path / "crazy_trackfire.csv.gz"]


@pytest.fixture(scope="module")
def robocode(tmp_path_factory):
    lacks = record.missing()
    if lacks:
        pytest.skip(" ".join(lacks))
    folder = tmp_path_factory.mktemp("robocode")
    record.unpack(folder)
    return folder


def shots(path):
    """The bullets of robot 1 in a record: (round, turn of firing, heading, speed, states)."""
    flights = {}
    for _, element in ElementTree.iterparse(path):
        if element.tag == "turn":
            for bullet in element.iter("bullet"):
                if bullet.get("id").startswith("1-"):
                    seen = flights.setdefault((int(element.get("round")), bullet.get("id")), [])
                    seen.append((int(element.get("turn")), bullet.attrib))
            element.clear()
    for (number, _), seen in flights.items():
        moving = [[float(b["x"]), float(b["y"])] for _, b in seen if b["state"] == "MOVING"]
        if len(moving) > 1:
            way = np.subtract(moving[-1], moving[0])
            speed = 20 - 3 * float(seen[0][1]["power"])
            yield number, seen[0][0] - 1, math.atan2(*way), speed, {b["state"] for _, b in seen}


@pytest.mark.network
@pytest.mark.slow
def test_recorded_bullets_hit_where_the_waves_say(robocode):
    path = record.play(robocode, record.BATTLES["crazy_trackfire"], rounds=4)
    r, right, hit = waves.read_record(path), [], []
    for number, turn, heading, speed, states in shots(path):
        one = r.rounds[number]
        if turn < len(one.position) and "HIT_BULLET" not in states:
            source = one.position[[turn], 1]
            low, high, complete = met_angles(source, np.array([heading]), one.position[:, 0], np.array([turn]), speed)
            if complete[0]:
                hit.append("HIT_VICTIM" in states)
                right.append((low[0] <= 0 <= high[0]) == hit[-1])
    assert len(hit) > 50 and 5 < sum(hit) < len(hit)
    assert np.all(np.array(right)[hit])  # all that hit; of the rest, one that grazes a wall may burst just before
    assert np.mean(right) > 0.97


@pytest.mark.network
@pytest.mark.slow
def test_recorder_writes_a_table_that_loads(robocode, tmp_path, capsys, monkeypatch):
    monkeypatch.setattr(record, "unpack", lambda folder: "1.9.3.9-3")
    played = record.play
    monkeypatch.setattr(record, "play", lambda folder, *rest: played(robocode, *rest))
    record.main(["--rounds", "2", "--output", str(tmp_path), "walls_trackfire"])
    w = waves.load("walls_trackfire", tmp_path)
    assert w.about["target"] == "sample.Walls" and list(np.unique(w.round)) == [0, 1]
    assert f"[1/1] walls_trackfire: {len(w.a)} waves" in capsys.readouterr().out
