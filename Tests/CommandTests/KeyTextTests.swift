import Testing

@testable import Pipelines
@testable import SluiceCommand

@Suite struct KeyTextTests {
    private var report: KeyListReport {
        var report = KeyListReport()
        report.pipeline = "nightly"
        report.store = "state/keys"
        report.zone = "UTC"
        report.isWrapped = true
        report.users = [
            KeyListReport.User(place: "/srv/a", fault: ""),
            KeyListReport.User(place: "/srv/b", fault: "it is damaged"),
        ]
        func entry(
            _ month: String, _ state: KeyListReport.State, _ reasons: [String] = []
        ) -> KeyListReport.Entry {
            KeyListReport.Entry(
                month: month, keyID: "\(month)/UTC/00112233445566ff", fingerprint: "ab",
                state: state, since: "2026-05-01T00:00:00Z", sinceDay: "2026-05-01", run: "run-1",
                codes: reasons.map { _ in "held" }, reasons: reasons)
        }
        var destroyed = entry("2026-01", .destroyed)
        destroyed.method = "overwritten and unlinked"
        destroyed.reason = "aged out"
        report.keys = [
            destroyed, entry("2026-02", .closing, ["the hold x may need it"]),
            entry("2026-03", .active, ["its last records become due later"]),
            entry("2026-04", .missing, ["its file is gone"]), entry("2026-05", .closing),
        ]
        report.erasedAgainKeys = ["2026-01"]
        return report
    }

    @Test func theListSaysWhyKeysLive() {
        let text = KeyText(columnsMax: 80, isVerbose: false).text(report)
        for part in [
            "state/keys: keys of months in UTC, sealed, 2 users",
            "2026-01  00112233445566ff  destroyed  2026-05-01",
            "2026-02: the hold x may need it", "2026-04: its file is gone",
            "2026-05: the next run destroys it", "/srv/b cannot be asked: it is damaged",
            "erased a key file of 2026-01",
        ] { #expect(text.contains(part), "\(part)") }
        #expect(!text.contains("become due later"), "young keys need no excuse")
        #expect(!text.contains("used by /srv/a"))
        for line in text.split(separator: "\n") { #expect(line.count <= 80) }
        let more = KeyText(columnsMax: 80, isVerbose: true).text(report)
        for part in ["become due later", "used by /srv/a", "overwritten and unlinked, aged out"] {
            #expect(more.contains(part), "\(part)")
        }
    }

    @Test func theListForMachines() {
        let json = KeyText.json(report)
        let head: [String] = [
            #"{"status":0,"failure":null,"pipeline":"nightly","store":"state/keys","#,
            #""zone":"UTC","sealed":true,"keys":[{"month":"2026-01","#,
            #""key_id":"2026-01/UTC/00112233445566ff","fingerprint":"ab","#,
            #""state":"destroyed","since":"2026-05-01T00:00:00Z","run":"run-1","#,
            #""method":"overwritten and unlinked","reason":"aged out","#,
            #""may_die_from":null,"lives_because":[]}"#,
        ]
        #expect(json.hasPrefix(head.joined()))
        #expect(
            json.contains(
                #""lives_because":[{"code":"held","sentence":"the hold x may need it"}]"#))
        #expect(json.contains(#"{"place":"/srv/b","fault":"it is damaged"}"#))
    }

    @Test func aDestructionIsTold() {
        let key = DestroyedKey(
            month: "2026-03", keyID: "2026-03/UTC/01", fingerprint: "ab", method: "unlinked")
        let report = KeyDestroyReport(
            key: key, time: "2026-05-08T00:00:00Z", run: "keys destroy", reason: "audit\n7",
            wasDestroyed: false)
        let text = KeyText.text(report)
        #expect(text.hasPrefix("destroyed the key of 2026-03 (unlinked, 2026-05-08T00:00:00Z"))
        #expect(text.contains("backups"))
        #expect(!text.contains("audit\n"))
        #expect(KeyText.json(report).contains(#""was_destroyed":false"#))
    }
}
