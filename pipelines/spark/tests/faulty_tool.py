"""Stands in for `sluice` with a fault that the commit rule is there for: a control of the tests.

    faulty_tool.py FAULT FOLDER SLUICE COMMAND ...

`task` copies the records of its pieces to `FOLDER/copies/TASK`:

* `open-final`: straight into the file of the final name;
* `end-of-input`: through a pipe to a process that publishes when its input ends.

The first attempt of all waits half-way while `FOLDER/control/stuck` is there.
"""

import json
import os
import pathlib
import subprocess
import sys
import time


def records(plan, task):
    """The lines of a task, in order."""
    found = []
    for piece in task["pieces"]:
        content = pathlib.Path(plan["sources"][piece["source"]]["path"]).read_bytes()
        place = 0
        for line in content.splitlines(keepends=True):
            if piece.get("begin", 0) <= place < piece.get("end", len(content)):
                found.append(line)
            place += len(line)
    return found


def copy(lines, write, control):
    """Writes all lines; the first attempt of all waits after half of them."""
    try:
        os.mkdir(control / "first")
        is_first = True
    except FileExistsError:
        is_first = False
    half = len(lines) // 2
    write(b"".join(lines[:half]))
    if is_first:
        (control / "half-way").touch()
        while (control / "stuck").exists():
            time.sleep(0.05)
    write(b"".join(lines[half:]))


def publish(copies, name):
    """Publishes standard input when it ends, unless somebody else has."""
    content = sys.stdin.buffer.read()
    attempt = copies / f".{os.getpid()}"
    attempt.write_bytes(content)
    try:
        os.link(attempt, copies / name)
    except FileExistsError:
        pass
    attempt.unlink()


def do_task(fault, folder, words):
    copies, control = folder / "copies", folder / "control"
    plan = json.loads((pathlib.Path(words[1]) / "plan.json").read_bytes())
    task = next(task for task in plan["tasks"] if task["name"] == words[2])
    lines = records(plan, task)
    if fault == "open-final":
        with open(copies / task["name"], "ab", buffering=0) as file:
            copy(lines, file.write, control)
    else:
        child = subprocess.Popen(
            [sys.executable, __file__, "publish", str(folder), "", task["name"]],
            stdin=subprocess.PIPE, bufsize=0, start_new_session=True)
        copy(lines, child.stdin.write, control)
        child.stdin.close()
        child.wait()
    print(json.dumps({"status": 0, "task": task["name"]}))


def main():
    fault, folder, sluice, words = sys.argv[1], pathlib.Path(sys.argv[2]), sys.argv[3], sys.argv[4:]
    if fault == "publish":
        publish(folder / "copies", words[0])
    elif words[0] == "task":
        do_task(fault, folder, words)
    elif words[0] == "commit":
        print("{}")
    else:
        os.execv(sluice, [sluice, *words])


if __name__ == "__main__":
    main()
