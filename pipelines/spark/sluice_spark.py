"""Runs a Sluice pipeline as tasks of Apache Spark.

    spark-submit sluice_spark.py --pipeline PIPELINE --work FOLDER [options]

Spark is the scheduler and nothing else. `sluice plan` deals the sources out to tasks, each Spark
task starts one `sluice task`, and `sluice commit` makes the outputs: the same bytes as those of
`sluice run`. No record passes through Spark, and what is complete is proven from files, not from
what Spark's tasks return; so lost executors, speculative copies and late attempts cannot lose a
record or count one twice.

All machines must see the pipeline, the sources and the work folder under the same paths.
"""

import argparse
import json
import os
import re
import subprocess
import sys
import threading

#: Exit statuses of `sluice task` that another attempt may not have: storage, busy.
PASSING = (6, 7)
#: What a task needs of the environment: nothing of the caller's gets in.
ENVIRONMENT = {"PATH": "/usr/local/bin:/usr/bin:/bin"}


class SluiceError(RuntimeError):
    """`sluice` could not do what it was asked, and trying again would not help."""

    def __init__(self, message, status):
        super().__init__(message)
        #: The exit status of `sluice`.
        self.status = status


class Key:
    """Where the key of a run comes from, for pipelines whose statistics have no key store.

    `Key.file(path)` names a file that every node has (a mounted secret). `Key.new()` is a random
    key that lives in this job only: it travels with Spark's tasks and reaches `sluice` through a
    pipe, never through arguments, the environment or a file. A job with a new key that is submitted
    again does all tasks again.
    """

    def __init__(self, path=None, secret=None):
        self.path = path
        self.secret = secret

    @staticmethod
    def file(path):
        return Key(path=path)

    @staticmethod
    def new():
        return Key(secret=os.urandom(32))

    def __repr__(self):
        return f"Key.file({self.path!r})" if self.path else "Key.new()"


def call(sluice, words, key=None):
    """Runs `sluice` with `words`; returns its exit status and what it says on standard output."""
    pipes = ()
    words = [sluice, *words]
    if key is not None and key.path:
        words += ["--key-file", key.path]
    elif key is not None:
        reading, writing = os.pipe()
        os.write(writing, key.secret)  # 32 bytes: a pipe takes them without a reader.
        os.close(writing)
        pipes = (reading,)
        words += ["--key-fd", str(reading)]
    try:
        done = subprocess.run(
            words, stdin=subprocess.DEVNULL, capture_output=True, pass_fds=pipes, env=ENVIRONMENT
        )
    finally:
        for pipe in pipes:
            os.close(pipe)
    return done.returncode, done.stdout.decode("utf-8", "replace").strip()


def message(status, answer):
    """What a failed `sluice` says of itself; it never holds a value of a record."""
    try:
        return json.loads(answer)["failure"]["message"]
    except (ValueError, KeyError, TypeError):
        return f"exit status {status}"


def passes(status):
    """True for a failure that another attempt, best on another machine, may not have."""
    return status in PASSING or status < 0 or status > 128


def attempt(sluice, job, key, label):
    """One attempt at a job: `["task", FOLDER, TASK]` or `["reduce", FOLDER, BUCKET]`; returns what
    became of it as JSON. Knows of no engine.

    A failure that may pass is raised, so that the engine tries again elsewhere; the exception goes
    into logs of the engine and says no more than the exit status. Any other is returned: all
    further attempts would be for nothing.
    """
    status, answer = call(sluice, [*job, "--attempt", label], key)
    name = f"sluice {job[0]} {job[2]}"
    if status == 0:
        done = json.loads(answer)
        print(
            f"{name}: {done.get('records')} records, {done.get('quarantined')} of them "
            f"set aside{'' if done.get('committed') else ', after another attempt'}",
            file=sys.stderr, flush=True)
        return answer
    print(f"{name}: {message(status, answer)}", file=sys.stderr, flush=True)
    if passes(status):
        raise RuntimeError(f"{name}: exit status {status}, may pass")
    return json.dumps({"status": status, "task": job[2], "message": message(status, answer)})


def attempt_on_executor(sluice, is_shipped, job, key):
    """The same as one Spark task."""
    from pyspark import SparkFiles, TaskContext

    if is_shipped:
        sluice = SparkFiles.get(os.path.basename(sluice))
    keep_archive_indexes(SparkFiles.getRootDirectory())
    context = TaskContext.get()
    label = f"spark-{context.taskAttemptId()}" if context else f"process-{os.getpid()}"
    return attempt(sluice, job, key, label)


def keep_archive_indexes(shipped):
    """Keeps what Python knows of the archives that Spark is made of.

    PySpark has the index of each archive read anew before each task, once for each package that was
    looked for in it: with Python 3.11 that is three quarters of what a Spark task costs. Archives
    that jobs bring with them lie in the folder `shipped`, and may change; the others do not.
    """
    for path, finder in list(sys.path_importer_cache.items()):
        archive = getattr(finder, "archive", None)
        if archive is not None and not archive.startswith(shipped):
            del sys.path_importer_cache[path]


def command(sluice, words, key=None):
    """Runs a command of `sluice` on the driver and returns its JSON."""
    status, answer = call(sluice, words, key)
    if status != 0:
        raise SluiceError(f"sluice {words[0]}: {message(status, answer)}", status)
    return json.loads(answer)


def describe(spark, text):
    """Says in Spark's UI what the next job does; Spark Connect shows it as a tag."""
    try:
        spark.sparkContext.setJobDescription(text)
    except Exception:  # Spark Connect has no context, and says so in its own ways.
        spark.addTag("sluice")


def ship(spark, sluice):
    """Sends the binary to all executors; it must be one that needs nothing of their libraries."""
    try:
        spark.sparkContext.addFile(sluice)
    except Exception:
        spark.addArtifact(sluice, file=True)


def terminal():
    """Where progress is shown; nothing when nobody watches.

    `spark-submit` reads both outputs of a Python driver through pipes: the terminal is its own.
    """
    if sys.stderr.isatty():
        return sys.stderr
    if "PYSPARK_GATEWAY_PORT" in os.environ:
        try:
            above = open(f"/proc/{os.getppid()}/fd/2", "w")
        except OSError:
            return None
        if above.isatty():
            return above
        above.close()
    return None


class Progress:
    """Shows on a terminal how many tasks have published their work; looks into the work folder."""

    def __init__(self, folder, tasks, seconds=1.0):
        self.terminal = terminal()
        self.folder = folder
        self.names = [task["name"] for task in tasks]
        self.seconds = seconds
        self.ended = threading.Event()
        self.thread = threading.Thread(target=self.show, daemon=True)

    def __enter__(self):
        if self.terminal:
            self.thread.start()
        return self

    def __exit__(self, *_):
        self.ended.set()
        if self.thread.is_alive():
            self.thread.join()
            self.say("\r\x1b[K")

    def show(self):
        while not self.ended.wait(self.seconds):
            self.say(f"\r{self.done()} of {len(self.names)} tasks\x1b[K")

    def say(self, text):
        self.terminal.write(text)
        self.terminal.flush()

    def done(self):
        """How many of the tasks are published."""
        present = {
            name.removeprefix("_tmp.").split(".")[0] for name in os.listdir(self.folder)
            if not name.startswith("_tmp.") or os.path.exists(
                os.path.join(self.folder, name, "manifest.json"))}
        return sum(name in present for name in self.names)


def task_jobs(plan):
    """A job for each task of a plan."""
    return [["task", plan["folder"], task["name"]] for task in plan["tasks"]]


def merge_jobs(plan):
    """A job for each bucket that the tasks of a plan deal out to, when there are several."""
    buckets = plan["buckets"]
    return [["reduce", plan["folder"], str(bucket)] for bucket in range(buckets) if buckets > 1]


def run_tasks(spark, plan, sluice, is_shipped, key):
    """Runs every task of a plan as a Spark task of its own; returns what they say of themselves."""
    jobs = task_jobs(plan)
    size = sum(task["bytes"] for task in plan["tasks"])
    describe(spark, f"sluice {plan['plan']}: {len(jobs)} tasks, {size / 1e6:.1f} MB")
    if is_shipped:
        ship(spark, sluice)
    with Progress(plan["folder"], plan["tasks"]):
        return run_jobs(spark, jobs, sluice, is_shipped, key)


def run_merges(spark, plan, sluice, is_shipped):
    """The same for the buckets that the tasks dealt out to."""
    jobs = merge_jobs(plan)
    if not jobs:
        return []
    describe(spark, f"sluice {plan['plan']}: {len(jobs)} merges of {len(plan['tasks'])} tasks")
    return run_jobs(spark, jobs, sluice, is_shipped, None)


def run_jobs(spark, jobs, sluice, is_shipped, key):
    """Runs each job as a Spark task; returns what they say of themselves."""
    from pyspark.sql.functions import col, udf

    def sluice_task(index):
        return attempt_on_executor(sluice, is_shipped, jobs[index], key)

    # A plain function: no Arrow and no pandas on the executors. One row to a partition, so one
    # Spark task to a job.
    work = udf(sluice_task, "string", useArrow=False).asNondeterministic()
    rows = spark.range(0, len(jobs), 1, len(jobs)).select(work(col("id")))
    return [json.loads(row[0]) for row in rows.collect()]


def run(
    spark, pipeline, work, *, key=None, sluice="sluice", is_shipped=False, **options
):
    """Runs `pipeline` on the Spark session `spark`; returns the report of `sluice commit`.

    `work` is the folder of all work, private and seen by every machine. `sluice` is the binary: the
    same path on every machine, or a file of the driver that is shipped to them. Raises
    `SluiceError` for what trying again would not mend, and what Spark raises when its attempts are
    used up. `options` are those of `plan_tasks`.
    """
    share_code()
    plan = plan_tasks(sluice, pipeline, work, key, **options)
    if not plan["complete"] and plan["tasks"]:
        check(run_tasks(spark, plan, sluice, is_shipped, key))
        check(run_merges(spark, plan, sluice, is_shipped))
    return command(sluice, ["commit", plan["folder"], "--json"])


def plan_tasks(
    sluice, pipeline, work, key, *, sources=(), now=None, range_bytes=None, first_month=None,
    buckets=None, no_rename=False
):
    """Deals the sources of a pipeline out to tasks; returns what `sluice plan` says."""
    words = ["plan", pipeline, *sources, "--work", work]
    for flag, value in (
        ("--now", now), ("--range-bytes", range_bytes), ("--first-month", first_month),
        ("--buckets", buckets)
    ):
        if value is not None:
            words += [flag, str(value)]
    if no_rename:
        words.append("--no-rename")
    return command(sluice, words, key)


def check(answers):
    """Raises the first of the failures that trying again would not mend."""
    failed = [answer for answer in answers if answer["status"] != 0]
    if failed:
        first = failed[0]
        raise SluiceError(
            f"{len(failed)} of {len(answers)} tasks failed for good, first {first['task']}: "
            f"{first['message']}", first["status"])


def share_code():
    """Lets executors run the functions of this file without having it."""
    from pyspark import cloudpickle

    module = sys.modules[__name__]
    if __name__ != "__main__":
        cloudpickle.register_pickle_by_value(module)


def parser(name, description):
    """The arguments that any scheduler needs; `description` begins with a sentence of its own."""
    parser = argparse.ArgumentParser(prog=name, description=description.split("\n")[0])
    option = parser.add_argument
    option("--pipeline", required=True, help="the pipeline file")
    option("--work", required=True, help="the folder of all work, seen by all machines")
    option("--source", action="append", default=[], help="in place of the pipeline's own")
    option("--now", help="the run's clock: a date or an RFC 3339 time")
    option("--range-bytes", type=int, help="cut large files into ranges of at least so many bytes")
    option("--first-month", help="make the month keys since this month, yyyy-mm")
    option("--buckets", type=int, help="merge what the tasks count in so many parts, in parallel")
    option("--sluice", default="sluice", help="the binary, on every machine")
    option("--no-rename", action="store_true", help="for a work folder in an object store")
    keys = parser.add_mutually_exclusive_group()
    keys.add_argument("--key-file", help="the key of the run: a file that every machine has")
    keys.add_argument("--new-key", action="store_true", help="a key that lives in this job only")
    return parser


def asked_options(asked):
    """What was asked of `plan_tasks`."""
    return {
        "sources": asked.source, "now": asked.now, "range_bytes": asked.range_bytes,
        "first_month": asked.first_month, "buckets": asked.buckets, "no_rename": asked.no_rename,
    }


def asked_key(asked):
    """The key that was asked for; nothing for pipelines that need none."""
    if asked.key_file:
        return Key.file(asked.key_file)
    return Key.new() if asked.new_key else None


def used_up(error):
    """The exit status of `sluice` of a failure that did not pass, and its words; of no other."""
    found = re.search(r"sluice (?:task|reduce) \S+: exit status (-?\d+), may pass", str(error))
    if found is None:
        return None, ""
    status = int(found[1])
    return (status if status > 0 else 128 - status), found[0]


def arguments(words):
    """The arguments of the script."""
    known = parser("sluice_spark.py", __doc__)
    known.add_argument(
        "--ship", action="store_true", help="send the driver's binary to the executors")
    return known.parse_args(words)


def main(words=None):
    """The script; returns its exit status."""
    from pyspark import SparkConf
    from pyspark.sql import SparkSession

    asked = arguments(words)
    asked_level = SparkConf().get("spark.log.level", "WARN")
    # The progress shown is that of the tasks published, not of those that Spark has heard of.
    spark = (
        SparkSession.builder.appName("sluice").config("spark.ui.showConsoleProgress", "false")
        .config("spark.log.level", asked_level).getOrCreate())
    try:
        report = run(
            spark, asked.pipeline, asked.work, key=asked_key(asked), sluice=asked.sluice,
            is_shipped=asked.ship, **asked_options(asked))
    except SluiceError as error:
        print(f"sluice_spark: {error}", file=sys.stderr)
        return error.status
    except Exception as error:  # Each kind of Spark raises its own.
        status, words = used_up(error)
        if status is None:
            raise
        print(f"sluice_spark: {words}", file=sys.stderr)
        return status
    finally:
        spark.stop()
    print(json.dumps(report))
    return 0


if __name__ == "__main__":
    sys.exit(main())
