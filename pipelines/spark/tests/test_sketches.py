"""Spark SQL reads and merges the sketches of a publication. `SLUICE` names the binary."""

import csv
import json
import math
import pathlib
import shutil
import subprocess
import sys
import tempfile
import unittest

HERE = pathlib.Path(__file__).resolve().parent
sys.path[:0] = [str(HERE), str(HERE.parent)]
from job import SLUICE  # noqa: E402
from read_sketches import FUNCTIONS, QUANTILES, estimates  # noqa: E402

PIPELINE = """
name: sketched
source: { format: jsonl, files: "in/*", time: ts }
identity: { customer: customer, user: user }
fields: { ts: keep, user: pseudonymize, customer: pseudonymize, system: keep, seconds: keep }
statistics:
  - name: systems
    purpose: service-improvement
    by: [month, system]
    measures:
      users: { distinct: user }
      wait_duration: { percentile: { of: seconds, p: 95 } }
      visits: { sessions: user }
    export: [theta, hll, kll]
publish: { persons: 10, customers: 3, path: out, formats: [csv] }
keys: keys
state: state
"""

#: The users of each system; those of two systems overlap.
USERS = {
    "bsd": range(0, 40), "linux": range(0, 300), "windows": range(200, 900),
    "mac": range(850, 1000)}
#: The systems whose events say how long somebody waited.
TIMED = {"linux", "windows", "mac"}
#: Sketches of at most so many values are exact (k).
EXACT = 200


def waited(user):
    """How long a user waits, in seconds: no integer."""
    return user + 0.5


def visited(user):
    """How long a user stays, in milliseconds."""
    return user * 1000


def quantile(values, share):
    """The value below which a share of the values lies: the nearest rank."""
    return sorted(values)[math.ceil(len(values) * share) - 1]


class SketchTests(unittest.TestCase):
    @classmethod
    def setUpClass(cls):
        from pyspark.sql import SparkSession

        cls.spark = (
            SparkSession.builder.master("local[1]").config("spark.ui.enabled", "false")
            .config("spark.sql.shuffle.partitions", "1").getOrCreate())
        version = [int(number) for number in cls.spark.version.split(".")[:2]]
        cls.reads_all = version >= [4, 1]
        cls.scratch = tempfile.TemporaryDirectory(prefix="sluice-sketches-")
        folder = pathlib.Path(cls.scratch.name)
        (folder / "in").mkdir()
        (folder / "p.yaml").write_text(PIPELINE)
        with open(folder / "in" / "1.jsonl", "w") as log:
            for system, users in USERS.items():
                log.writelines(line for user in users for line in cls.events(system, user))
        for command in ("run", "publish"):
            subprocess.run(
                [SLUICE, command, f"{folder}/p.yaml", "--now", "2026-04-20", "--quiet"],
                check=True)
        cls.folder = folder / "out" / "2026-03"
        cls.path = str(cls.folder / "systems.sketches.csv")

    @staticmethod
    def events(system, user):
        """A session of a user: two events."""
        for seconds in (0, visited(user) // 1000):
            event = {
                "ts": f"2026-03-02T10:{seconds // 60:02}:{seconds % 60:02}Z",
                "customer": f"c{user % 7}", "user": f"u{user}@one.example", "system": system}
            if system in TIMED and seconds:
                event["seconds"] = waited(user)
            yield json.dumps(event) + "\n"

    @classmethod
    def tearDownClass(cls):
        cls.spark.stop()
        cls.scratch.cleanup()

    def assert_quantiles(self, row, name, values):
        """Exact of few values; of many the rank may be off, by less than two percent."""
        for share, end in QUANTILES.items():
            found = row[f"{name}_{end}"]
            spread = 0 if len(values) <= EXACT else 0.02
            self.assertGreaterEqual(found, quantile(values, max(share - spread, 0.001)))
            self.assertLessEqual(found, quantile(values, min(share + spread, 1)))

    def test_rows(self):
        """Each sketch tells what the table tells."""
        rows = {row["system"]: row for row in estimates(self.spark, self.path, "system").collect()}
        self.assertEqual(set(rows), set(USERS))
        for system, users in USERS.items():
            row = rows[system]
            self.assertAlmostEqual(row["users_hll"], len(users), delta=len(users) * 0.07)
            if not self.reads_all:
                continue
            self.assertEqual(row["users_theta"], len(users))
            self.assert_quantiles(row, "visits_duration_kll", list(map(visited, users)))
            if system in TIMED:
                waits = [waited(user) for user in users if user]
                self.assert_quantiles(row, "wait_duration_kll", waits)
            else:
                self.assertIsNone(row["wait_duration_kll_p50"])

    def test_union(self):
        """Who used two systems counts once: so few persons that the theta sketch is exact."""
        row = estimates(self.spark, self.path).collect()[0]
        everybody = len(set().union(*USERS.values()))
        self.assertAlmostEqual(row["users_hll"], everybody, delta=everybody * 0.07)
        with open(self.path) as file:
            self.assertEqual(len(list(csv.DictReader(file))), len(USERS))
        if not self.reads_all:
            return
        self.assertEqual(row["users_theta"], everybody)
        self.assert_quantiles(
            row, "visits_duration_kll",
            [visited(user) for users in USERS.values() for user in users])
        self.assert_quantiles(
            row, "wait_duration_kll",
            [waited(user) for system in TIMED for user in USERS[system] if user])

    def test_control_taking_the_type_from_the_name(self):
        """Spark reads fractions as integers without a word: the name of a column is not enough."""
        if not self.reads_all:
            self.skipTest("this Spark has no KLL sketches")
        merge, read = FUNCTIONS["kll", "milliseconds"]
        table = self.spark.read.csv(self.path, header=True)
        found = table.selectExpr(f"{read}({merge}(unbase64(wait_duration_kll)), 0.5D)").first()[0]
        self.assertGreater(found, 1 << 60)

    def copied(self):
        """A copy of the publication that a test may damage."""
        copy = self.folder.with_name(self._testMethodName)
        shutil.copytree(self.folder, copy)
        self.addCleanup(shutil.rmtree, copy)
        return copy

    def test_another_file_is_refused(self):
        """Types are those of the file that was published, not of one that has its name."""
        copy = self.copied()
        path = copy / "systems.sketches.csv"
        path.write_text(path.read_text().replace("users_hll", "users_kll"))
        with self.assertRaisesRegex(ValueError, "expected the file that publication.json lists"):
            estimates(self.spark, str(path))

    def test_an_unknown_type_is_refused(self):
        """What was made by a later version of Sluice is not guessed at."""
        copy = self.copied()
        about = json.loads((copy / "publication.json").read_text())
        for sketch in about["tables"][0]["sketches"]:
            if sketch["kind"] == "kll":
                sketch["item"] = "float"
        (copy / "publication.json").write_text(json.dumps(about))
        with self.assertRaisesRegex(ValueError, "found kll of float"):
            estimates(self.spark, str(copy / "systems.sketches.csv"))

    def test_a_column_that_is_no_group_is_refused(self):
        with self.assertRaisesRegex(ValueError, "month, system"):
            estimates(self.spark, self.path, "users_hll")


if __name__ == "__main__":
    unittest.main(verbosity=2)
