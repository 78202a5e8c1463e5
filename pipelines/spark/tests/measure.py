"""Measures what tasks of Spark cost beside one `sluice run` over the same log, byte for byte the same.

    python measure.py LOG.jsonl [RANGE-MIB ...]

The log is one of JSON Lines with `ts`, `user`, `customer`, `ip`, `action` and `duration_ms`. A
cluster of a master and two workers with one core each does the run once for each size of ranges, in
one session that has been warmed up. Seconds are those of processors, of all processes: `sluice` is
what its own commands took, `Spark` the rest of driver, master, workers, executors and their Pythons.
`SLUICE` names the binary.
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
from standalone import Cluster, children, wait_for

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
  - {{ name: research, purpose: statistics, path: "out/{{date}}.csv", fields: {{ ts: {{ truncate_time: day }} }} }}
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
    """Seconds of processors that all processes below this one have taken, those of `sluice` apart."""
    total = own = 0.0
    for process in children(os.getpid()):
        try:
            stat = pathlib.Path(f"/proc/{process}/stat").read_text()
            command = pathlib.Path(f"/proc/{process}/cmdline").read_bytes()
        except OSError:
            continue
        user, system, user_below, system_below = map(int, stat.rsplit(")", 1)[1].split()[11:15])
        total += (user + system + user_below + system_below) * TICK
        # All that the Pythons of the driver and of the tasks start is `sluice`.
        if b"python" in command.split(b"\0")[0] and b"daemon" not in command or is_worker(process):
            own += (user_below + system_below) * TICK
    return total, own


def is_worker(process):
    """True for a Python that does tasks: a fork of Spark's daemon, under the same words."""
    try:
        parent = pathlib.Path(f"/proc/{process}/stat").read_text().rsplit(")", 1)[1].split()[1]
        return b"daemon" in pathlib.Path(f"/proc/{parent}/cmdline").read_bytes()
    except OSError:
        return False


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
        for path in sorted(out.iterdir()):
            with open(path, "rb") as file:
                found[path.name] = hashlib.file_digest(file, "sha256").hexdigest()
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
        # What was asked, and how many tasks it became.
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


def measure(folder, log, ranges):
    measured = Measured(folder, log)
    size = os.path.getsize(log)
    print(f"{size / 1e6:.0f} MB, {os.cpu_count()} cores", flush=True)
    row = "{:>14} {:>6} {:>8} {:>8} {:>8} {:>8} {:>14}"
    print(row.format("", "tasks", "clock s", "CPU s", "sluice", "Spark", "per task ms"))
    plain = {}
    for workers in (1, 2):
        clock, cpu = measured.on_one_machine(workers)
        plain[workers] = cpu
        expected = measured.take_digests()
        print(row.format(f"run, {workers}", "", f"{clock:.1f}", f"{cpu:.2f}", "", "", ""),
              flush=True)
    cluster = Cluster(folder)
    driver = cluster.submit(__file__, ["--drive", folder])
    small = measured.folder / "small.jsonl"
    with open(log, "rb") as whole:
        small.write_bytes(b"".join(whole.readline() for _ in range(4000)))
    # The first job warms the session up.
    asked = [(None, {"sources": [str(small)], "range_bytes": 200_000})]
    asked += [(mib, {"range_bytes": mib << 20}) for mib in ranges]
    for number, (mib, options) in enumerate(asked):
        total, own = seconds_now()
        began = time.monotonic()
        work = f"{folder}/work-{number}"
        write(measured.folder / f"ask-{number}", json.dumps({"work": work, **options}))
        wait_for(
            lambda: (measured.folder / f"done-{number}").exists() or driver.poll() is not None,
            SECONDS, "the end of the job")
        clock = time.monotonic() - began
        total, own = (after - before for after, before in zip(seconds_now(), (total, own)))
        tasks = len(json.loads(next(pathlib.Path(work).glob("plan-*/plan.json")).read_text())["tasks"])
        found = measured.take_digests()
        if mib is None:
            continue
        assert found == expected, f"{mib} MiB: other bytes than on one machine"
        print(row.format(
            f"{mib} MiB", tasks, f"{clock:.1f}", f"{total:.2f}", f"{own:.2f}",
            f"{total - own:.2f}", f"{(total - plain[1]) / tasks * 1000:.0f}"), flush=True)
    write(measured.folder / f"ask-{len(asked)}", "null")
    driver.wait(60)
    print(f"the same {len(expected)} files each time")
    cluster.stop()


def main():
    if sys.argv[1] == "--drive":
        return drive(sys.argv[2])
    with tempfile.TemporaryDirectory(prefix="sluice-measure-") as folder:
        measure(folder, os.path.abspath(sys.argv[1]), [int(mib) for mib in sys.argv[2:]] or [64, 256])


if __name__ == "__main__":
    main()
