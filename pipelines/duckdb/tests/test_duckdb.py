"""DuckDB reads what was published, and takes nothing that is withheld for a zero. `SLUICE` names
the binary."""

import csv
import importlib.util
import json
import os
import pathlib
import shutil
import subprocess
import sys
import tempfile
import unittest

sys.path.insert(0, str(pathlib.Path(__file__).resolve().parent.parent))
from read_publication import Publication  # noqa: E402

SLUICE = os.path.abspath(os.environ.get("SLUICE", "sluice"))
FORMS = ("csv", "jsonl", "sqlite")

PIPELINE = """
name: published
source: { format: jsonl, files: "in/*", time: ts }
identity: { customer: customer, user: user }
fields:
  ts: keep
  user: pseudonymize
  customer: pseudonymize
  system: keep
  action: keep
  seconds: keep
statistics:
  - name: systems
    purpose: service-improvement
    by: [month, system]
    measures:
      times: count
      exports: { count: { action: export } }
      users: { distinct: user }
      slowest: { percentile: { of: seconds, p: 95 } }
      visits: { sessions: user }
    export: [theta, hll, kll]
publish: { persons: 10, customers: 3, path: out, formats: [csv, jsonl, sqlite], other: none }
keys: keys
state: state
"""

#: The users of each system; those of two systems overlap.
USERS = {
    "bsd": range(0, 40), "linux": range(0, 300), "windows": range(200, 900),
    "mac": range(850, 1000)}
#: Who exported something: of one system nobody, of one too few to be told.
EXPORTS = {"bsd": 0, "linux": 300, "windows": 15, "mac": 1}


def events(system):
    """One event of each user; those of one system do not say how long it took."""
    for number, user in enumerate(USERS[system]):
        event = {
            "ts": f"2026-03-02T10:00:{user % 60:02}Z", "customer": f"c{user % 7}",
            "user": f"u{user}@one.example", "system": system,
            "action": "export" if number < EXPORTS[system] else "login"}
        if system != "bsd":
            event["seconds"] = user + 0.5
        yield json.dumps(event) + "\n"


class DuckDBTests(unittest.TestCase):
    @classmethod
    def setUpClass(cls):
        cls.scratch = tempfile.TemporaryDirectory(prefix="sluice-duckdb-")
        folder = pathlib.Path(cls.scratch.name)
        (folder / "in").mkdir()
        (folder / "p.yaml").write_text(PIPELINE)
        (folder / "in" / "1.jsonl").write_text(
            "".join(line for system in USERS for line in events(system)))
        for command in ("run", "publish"):
            subprocess.run(
                [SLUICE, command, f"{folder}/p.yaml", "--now", "2026-04-20", "--quiet"],
                check=True)
        cls.folder = folder / "out" / "2026-03"

    @classmethod
    def tearDownClass(cls):
        cls.scratch.cleanup()

    def setUp(self):
        import duckdb

        self.con = duckdb.connect()
        self.addCleanup(self.con.close)
        # The extension for SQLite is that of the environment; nothing is fetched.
        packages = importlib.util.find_spec("duckdb_ext").submodule_search_locations
        self.con.execute("SET extension_directory = ?", [f"{list(packages)[0]}/extensions"])
        self.con.execute("SET autoinstall_known_extensions = false")

    def load(self, form):
        publication = Publication(self.folder, form)
        self.con.execute("DROP TABLE IF EXISTS systems")
        publication.load(self.con)
        return publication

    def rows(self, relation):
        """Rows by their first column."""
        return {row[0]: row[1:] for row in relation.fetchall()}

    def test_all_forms_tell_the_same(self):
        """Zero, withheld and not measured are told apart, and each form tells them alike."""
        for form in FORMS:
            with self.subTest(form):
                self.load(form)
                rows = self.rows(self.con.sql(
                    "SELECT system, times, exports, exports_status, slowest, slowest_status, users "
                    "FROM systems"))
                self.assertEqual(rows, {
                    "bsd": (40, 0, "told", None, "not_measured", 40),
                    "linux": (300, 300, "told", 284.5, "told", 300),
                    "mac": (150, None, "withheld", 992.5, "told", 150),
                    "windows": (700, 15, "told", 864.5, "told", 700)})

    def test_sums_are_told_where_all_parts_are(self):
        for form in FORMS:
            with self.subTest(form):
                publication = self.load(form)
                times = publication.add_up(self.con, "systems", "times")
                self.assertEqual(times.fetchall(), [(1190, 0)])
                exports = publication.add_up(self.con, "systems", "exports")
                self.assertEqual(exports.fetchall(), [(None, 1)])
                exports = publication.add_up(self.con, "systems", "exports", "system")
                self.assertEqual(self.rows(exports), {
                    "bsd": (0, 0), "linux": (300, 0), "mac": (None, 1), "windows": (15, 0)})

    def test_control_adding_up_what_is_there(self):
        """Who reads the files without care gets a sum that is too small, and persons twice."""
        path = self.folder / "systems.csv"
        with open(path) as file:
            self.assertIn("<10", [cell["exports"] for cell in csv.DictReader(file)])
        found = self.con.execute(
            "SELECT sum(TRY_CAST(exports AS BIGINT)), sum(users::BIGINT) "
            "FROM read_csv(?, all_varchar = true)", [str(path)]).fetchone()
        self.assertEqual(found[0], sum(EXPORTS.values()) - EXPORTS["mac"])
        self.assertGreater(found[1], len(set().union(*USERS.values())))

    def test_what_must_not_be_added_up_is_refused(self):
        publication = self.load("sqlite")
        for figure in ("users", "slowest", "visits_mean_s", "exports_status", "nothing"):
            with self.subTest(figure), self.assertRaisesRegex(ValueError, "may be added up"):
                publication.add_up(self.con, "systems", figure)
        dictionary = self.con.execute(
            f"SELECT column_name FROM {publication.attached(self.con)}.dictionary "
            "WHERE table_name = 'systems' AND addable").fetchall()
        self.assertEqual(
            {name for name, in dictionary},
            {column["name"] for column in publication.tables["systems"]["columns"]
             if column["addable"]})

    def test_sketches_merge(self):
        """Who used two systems counts once; quantiles are those of all values together."""
        everybody = len(set().union(*USERS.values()))
        waits = sorted(
            user + 0.5 for system, users in USERS.items() if system != "bsd" for user in users)
        for form in FORMS:
            with self.subTest(form):
                publication = Publication(self.folder, form)
                found = publication.estimates(self.con, "systems")
                row = dict(zip(found.columns, found.fetchone()))
                self.assertEqual(row["users_theta"], everybody)
                self.assertAlmostEqual(row["users_hll"], everybody, delta=everybody * 0.07)
                self.assertAlmostEqual(
                    row["slowest_kll_p50"], waits[len(waits) // 2], delta=len(waits) * 0.05)
                self.assertEqual(row["visits_duration_kll_p95"], 0)
                found = self.rows(publication.estimates(self.con, "systems", "system"))
                self.assertEqual(
                    {system: row[0] for system, row in found.items()},
                    {system: len(users) for system, users in USERS.items()})
                self.assertIsNone(found["bsd"][2])
                # So few values that the sketch is exact.
                self.assertEqual(found["mac"][3], 992.5)

    def copied(self):
        """A copy of the publication that a test may damage."""
        copy = self.folder.with_name(self._testMethodName)
        shutil.copytree(self.folder, copy)
        self.addCleanup(shutil.rmtree, copy)
        return copy

    def test_another_file_is_refused(self):
        copy = self.copied()
        for name in ("systems.csv", "systems.jsonl", "publication.sqlite"):
            with open(copy / name, "ab") as file:
                file.write(b" ")
        for form in FORMS:
            with self.subTest(form), self.assertRaisesRegex(ValueError, "expected the file"):
                Publication(copy, form).load(self.con)

    def test_an_unknown_type_is_refused(self):
        copy = self.copied()
        about = json.loads((copy / "publication.json").read_text())
        about["tables"][0]["sketches"][-1]["item"] = "float"
        (copy / "publication.json").write_text(json.dumps(about))
        with self.assertRaisesRegex(ValueError, "found kll of float"):
            Publication(copy).estimates(self.con, "systems")

    def test_the_command(self):
        """What the first lines of the example say it does."""
        script = pathlib.Path(__file__).resolve().parent.parent / "read_publication.py"
        for words, expected in (
            ([], "times_status"), (["systems", "times"], "1190.0"),
            (["systems", "exports"], "NULL"), (["systems"], "users_theta"),
            (["systems", "system"], "slowest_kll_p95"),
        ):
            with self.subTest(words):
                done = subprocess.run(
                    [sys.executable, script, self.folder, *words], capture_output=True, text=True)
                self.assertEqual(done.returncode, 0, done.stderr)
                self.assertIn(expected, done.stdout)


if __name__ == "__main__":
    unittest.main(verbosity=2)
