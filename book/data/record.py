"""Record Robocode battles and make the tables of waves beside this file: `make record`.

Robocode comes from Debian's packages, which are downloaded into a temporary folder and not installed. Needs apt-get
and dpkg-deb (Debian, Ubuntu) and Java 17 to 23. Takes about ten seconds a battle. A battle is recorded, turned into
waves and written before the next one begins, so an interruption loses only the battle under way. Names of battles
after `python book/data/record.py` record only these.
"""

import argparse
import os
import re
import shutil
import subprocess
import sys
import tempfile
from functools import partial
from pathlib import Path

from book.data import waves

ROUNDS = 16
BATTLES = {  # name -> (target, shooter): targets that move in different ways; the last shooter moves too
    "crazy_trackfire": ("sample.Crazy", "sample.TrackFire"),
    "myfirstrobot_trackfire": ("sample.MyFirstRobot", "sample.TrackFire"),
    "spinbot_trackfire": ("sample.SpinBot", "sample.TrackFire"),
    "velocirobot_trackfire": ("sample.VelociRobot", "sample.TrackFire"),
    "walls_trackfire": ("sample.Walls", "sample.TrackFire"),
    "crazy_walls": ("sample.Crazy", "sample.Walls"),
}
PACKAGES = ("robocode", "libcodesize-java", "libpicocontainer-java")
RULES = """\
robocode.battleField.width=800
robocode.battleField.height=600
robocode.battle.numRounds={rounds}
robocode.battle.gunCoolingRate=0.1
robocode.battle.rules.inactivityTime=450
robocode.battle.hideEnemyNames=true
robocode.battle.selectedRobots={robots}
"""
JAVA_FLAGS = (
    "-Xmx512M",
    "-Djava.security.manager=allow",
    "--add-opens=java.base/sun.net.www.protocol.jar=ALL-UNNAMED",  # Robocode empties Java's cache of jars
    "-Djava.awt.headless=true",
    "-DNOSECURITY=true",
)
INSTALL_JAVA = "Install it with `sudo apt-get install openjdk-17-jre-headless`, or set JAVA to such a program."


def java():
    """The Java program to use: the environment variable JAVA, else `java`."""
    return os.environ.get("JAVA", "java")


def java_version():
    """The major version of `java()`, or None where it does not run."""
    if shutil.which(java()) is None:
        return None
    text = subprocess.run([java(), "-version"], capture_output=True, text=True).stderr
    found = re.search(r'version "(\d+)', text)
    return int(found[1]) if found else None


def missing():
    """What this machine lacks to record, a sentence each with the next step; empty where nothing is missing."""
    version = java_version()
    lacks = []
    if version is None:
        lacks.append(f"Java 17 is missing: `{java()}` does not run. {INSTALL_JAVA}")
    elif not 17 <= version <= 23:
        lacks.append(f"Java must be of version 17 to 23; `{java()}` is of version {version}. {INSTALL_JAVA}")
    for tool in ("apt-get", "dpkg-deb"):
        if shutil.which(tool) is None:
            lacks.append(f"`{tool}` is missing: Robocode comes as Debian's packages. Record on Debian or Ubuntu.")
    return lacks


def unpack(folder):
    """Download Robocode's packages and unpack them in `folder`; nothing is installed. Returns the version."""
    fetched = subprocess.run(["apt-get", "download", *PACKAGES], cwd=folder, capture_output=True, text=True)
    if fetched.returncode:
        raise SystemExit(f"{fetched.stderr}Robocode was not downloaded. Run `sudo apt-get update`, then try again.")
    for package in folder.glob("*.deb"):
        subprocess.run(["dpkg-deb", "-x", package, folder / "root"], check=True)
    share = folder / "root/usr/share"
    shutil.copytree(share / "java", folder / "libs")  # follows links: Robocode looks for its parts beside robocode.jar
    for part in ("battles", "compilers", "config", "robots", "templates", "theme"):
        shutil.copytree(share / "games/robocode" / part, folder / "arena" / part)
    field = ["dpkg-deb", "-f", next(folder.glob("robocode_*.deb")), "Version"]
    return subprocess.run(field, check=True, capture_output=True, text=True).stdout.strip()


def play(folder, robots, rounds, progress=lambda text: None):
    """Fight one battle in the unpacked Robocode in `folder`. Returns the path of its XML record."""
    arena, record = folder / "arena", folder / "arena/battle.xml"
    record.unlink(missing_ok=True)
    (arena / "battles/duel.battle").write_text(RULES.format(rounds=rounds, robots=",".join(robots)))
    command = [java(), *JAVA_FLAGS, f"-DWORKINGDIRECTORY={arena}", "-cp", f"{folder}/libs/*", "robocode.Robocode"]
    options = ["-battle", "battles/duel.battle", "-nodisplay", "-nosound", "-tps", "10000", "-recordXML", record.name]
    said = []
    pipes = {"stdout": subprocess.PIPE, "stderr": subprocess.STDOUT, "text": True}
    with subprocess.Popen([*command, *options], cwd=arena, **pipes) as robocode:
        for line in robocode.stdout:
            said.append(line)
            if begins := re.match(r"Round (\d+) initializing", line):
                progress(f"round {begins[1]} of {rounds}")
    if robocode.returncode or not record.exists():
        raise SystemExit("".join(said[-20:]) + "Robocode ended without a record; its last words stand above.")
    return record


def facts(record, version):
    """What a table's head says about its battle."""
    return {
        "target": record.robots[0],
        "shooter": record.robots[1],
        "rounds": len(record.rounds),
        "score": f"{record.scores[0]} to {record.scores[1]}",
        "wins": f"{record.wins[0]} to {record.wins[1]}",
        "robocode": version,
        "java": java_version(),
        "bullet speed": f"{waves.BULLET_SPEED:g} px/turn",
        "a wave each": f"{waves.EVERY} turns",
    }


def main(arguments=None):
    parser = argparse.ArgumentParser(description="Record Robocode battles and write their tables of waves.")
    parser.add_argument("names", nargs="*", metavar="name", help=f"of {', '.join(BATTLES)}; all by default")
    parser.add_argument("--rounds", type=int, default=ROUNDS, help="of a battle, %(default)s by default")
    parser.add_argument("--output", type=Path, default=waves.FOLDER, help="folder for the tables, %(default)s")
    options = parser.parse_args(arguments)
    if unknown := set(options.names) - set(BATTLES):
        parser.error(f"a name must be one of {', '.join(BATTLES)}; got {', '.join(sorted(unknown))}")
    if lacks := missing():
        raise SystemExit("\n".join(lacks))
    wanted = options.names or list(BATTLES)
    with tempfile.TemporaryDirectory() as folder:
        print("downloading Robocode ...", flush=True)
        version = unpack(Path(folder))
        for number, name in enumerate(wanted, 1):
            tell = partial(print, f"\r[{number}/{len(wanted)}] {name}:", end="", flush=True)
            record = waves.read_record(play(Path(folder), BATTLES[name], options.rounds, tell))
            waves.save(options.output / f"{name}.csv.gz", waves.battle_table(record), facts(record, version))
            tell(f"{len(waves.load(name, options.output).a)} waves      \n")


if __name__ == "__main__":
    try:
        main()
    except KeyboardInterrupt:
        sys.exit("\nInterrupted. The battles that were finished are written; name the others to record only them.")
