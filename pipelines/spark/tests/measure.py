"""Measures what tasks of Spark cost beside one `sluice run` over the same log, with equal results.

    python measure.py LOG.jsonl [RANGE-MIB ...]

The log is one of JSON Lines with `ts`, `user`, `customer`, `ip`, `action` and `duration_ms`. A
cluster of a master and two workers with one core each does the run once for each size of ranges, in
one session that a small job has warmed up. Seconds are those of processors, of all processes:
`sluice` is what its commands took, `Spark` all else of driver, master, workers, executors and their
Pythons. What a task costs is the difference to a run with one worker. `SLUICE` names the binary.
"""

import hashlib
import json
import os
import pathlib
import resource
import shutil
import subprocess
import sys
import tempfile
import time

from job import NOW, SLUICE
from standalone import Cluster, children, wait_for, words

PIPELINE = """
name: measured
source: {{ format: jsonl, files: {log}, time: ts }}
identity: {{ customer: customer, user: user }}
fields:
  ts: keep
  customer: {{ hmac_sha256: {{ key: static.key }} }}
  user: {{ hmac_sha256: {{ key: static.key }} }}
  ip: {{ truncate_ip: {{ ipv4: /16, ipv6: /32 }} }}
  action: keep
  duration_ms: keep
acknowledge: [static-key]
outputs:
  - {{ name: all, purpose: security, path: out/all.jsonl }}
  - name: research
    purpose: statistics
    path: "out/{{date}}.csv"
    fields: {{ ts: {{ truncate_time: day }} }}
statistics:
  - name: actions
    purpose: service-improvement
    by: [day, action]
    measures: {{ times: count, users: {{ distinct: user }}, mean_ms: {{ mean: duration_ms }} }}
    path: out/actions.csv
"""

#: How long one job may take.
SECONDS = 900
#: Seconds of one tick of the kernel's clock.
TICK = 1 / os.sysconf("SC_CLK_TCK")


def seconds_now():
    """Seconds of processors that all processes below this one took, and those of `sluice`."""
    stats = {}
    for process in children(os.getpid()):
        try:
            stat = pathlib.Path(f"/proc/{process}/stat").read_text().rsplit(")", 1)[1].split()
        except OSError:
            continue
        stats[process] = int(stat[1]), [int(ticks) * TICK for ticks in stat[11:15]]
    total = sum(sum(used) for _, used in stats.values())
    # All that the Pythons of the driver and of the tasks start is `sluice`. Those of the tasks are
    # forks of a daemon, which starts nothing else.
    pythons = {process for process in stats if "python" in words(process)[0]}
    daemons = {parent for parent, _ in stats.values() if parent in pythons}
    own = sum(sum(stats[process][1][2:]) for process in pythons - daemons)
    return total, own


class Measured:
    """A pipeline over the log, and the jobs that are timed over it."""

    def __init__(self, folder, log):
        self.folder = pathlib.Path(folder)
        (self.folder / "pipeline.yaml").write_text(PIPELINE.format(log=json.dumps(log)))
        for name in ("static.key", "run.key"):
            (self.folder / name).write_text("an invented key of the tests, long enough")
            (self.folder / name).chmod(0o600)

    def take_digests(self):
        """The digest of each file of the results, which are removed."""
        out = self.folder / "out"
        found = {}
        for path in sorted(path for path in out.rglob("*") if not path.is_dir()):
            with open(path, "rb") as file:
                found[str(path.relative_to(out))] = hashlib.file_digest(file, "sha256").hexdigest()
        shutil.rmtree(out)
        return found

    def on_one_machine(self, workers):
        """What `sluice run` takes: seconds by the clock, and of processors."""
        def used():
            usage = resource.getrusage(resource.RUSAGE_CHILDREN)
            return usage.ru_utime + usage.ru_stime

        began, before = time.monotonic(), used()
        subprocess.run(
            [SLUICE, "run", f"{self.folder}/pipeline.yaml", "--now", NOW, "--quiet",
             "--workers", str(workers)], check=True)
        return time.monotonic() - began, used() - before


def drive(folder):
    """The driver: runs what the files `ask-N` ask for, one after the other, in one session."""
    sys.path.insert(0, os.path.join(os.path.dirname(os.path.abspath(__file__)), ".."))
    import sluice_spark
    from pyspark.sql import SparkSession

    spark = SparkSession.builder.appName("sluice").getOrCreate()
    spark.range(0, 2, 1, 2).collect()
    number = 0
    while True:
        asked = pathlib.Path(folder) / f"ask-{number}"
        while not asked.exists():
            time.sleep(0.02)
        options = json.loads(asked.read_text())
        if options is None:
            return spark.stop()
        sluice_spark.run(
            spark, f"{folder}/pipeline.yaml", options.pop("work"), now=NOW, sluice=SLUICE,
            key=sluice_spark.Key.file(f"{folder}/run.key"), **options)
        write(pathlib.Path(folder) / f"done-{number}", "")
        number += 1


def write(path, text):
    """A file that appears whole."""
    own = path.with_suffix(".new")
    own.write_text(text)
    own.rename(path)


class Session:
    """A cluster, and a driver on it that runs what it is asked for, one after the other."""

    def __init__(self, folder):
        self.folder = pathlib.Path(folder)
        self.cluster = Cluster(folder)
        self.driver = self.cluster.submit(__file__, ["--drive", folder])
        self.asked = 0

    def run(self, **options):
        """Seconds by the clock, of processors and of those in `sluice`, and the number of tasks."""
        number, self.asked = self.asked, self.asked + 1
        before, began = seconds_now(), time.monotonic()
        work = self.folder / f"work-{number}"
        done = self.folder / f"done-{number}"
        write(self.folder / f"ask-{number}", json.dumps({"work": str(work), **options}))
        wait_for(lambda: done.exists() or self.driver.poll() is not None, SECONDS, "a job")
        clock = time.monotonic() - began
        total, own = (after - earlier for after, earlier in zip(seconds_now(), before))
        plan, = work.glob("plan-*/plan.json")
        return clock, total, own, len(json.loads(plan.read_text())["tasks"])

    def end(self):
        write(self.folder / f"ask-{self.asked}", "null")
        self.driver.wait(60)
        self.cluster.stop()


def measure(folder, log, ranges):
    measured = Measured(folder, log)
    row = "{:>10} {:>6} {:>8} {:>8} {:>8} {:>8} {:>14}"
    print(f"{os.path.getsize(log) / 1e6:.0f} MB, {os.cpu_count()} cores")
    print(row.format("", "tasks", "clock s", "CPU s", "sluice", "Spark", "ms for a task"))
    for workers in (2, 1):
        clock, plain = measured.on_one_machine(workers)
        expected = measured.take_digests()
        print(row.format(f"run, {workers}", "", f"{clock:.1f}", f"{plain:.2f}", "", "", ""))
    session = Session(folder)
    small = measured.folder / "small.jsonl"
    with open(log, "rb") as whole:
        small.write_bytes(b"".join(whole.readline() for _ in range(4000)))
    session.run(sources=[str(small)], range_bytes=200_000)
    measured.take_digests()
    for mib in ranges:
        clock, total, own, tasks = session.run(range_bytes=mib << 20)
        if measured.take_digests() != expected:
            raise SystemExit(f"{mib} MiB: other bytes than on one machine")
        print(row.format(
            f"{mib} MiB", tasks, f"{clock:.1f}", f"{total:.2f}", f"{own:.2f}",
            f"{total - own:.2f}", f"{(total - plain) / tasks * 1000:.0f}"), flush=True)
    session.end()
    print(f"the same {len(expected)} files each time")


def main():
    if sys.argv[1] == "--drive":
        return drive(sys.argv[2])
    with tempfile.TemporaryDirectory(prefix="sluice-measure-") as folder:
        ranges = [int(mib) for mib in sys.argv[2:]] or [64, 256]
        measure(folder, os.path.abspath(sys.argv[1]), ranges)


if __name__ == "__main__":
    main()
