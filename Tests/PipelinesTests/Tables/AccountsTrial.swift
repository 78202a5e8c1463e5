import Foundation
import TestSupport

@testable import Pipelines

/// Four people, and a reference table that says on which days of September their accounts end: for
/// tests in which a run does not see a file.
enum AccountsTrial {
    static let users = ["anna", "bert", "carl", "daan"]

    /// A record of the month's day `day`.
    static func line(_ user: String, _ day: Int) -> String {
        #"{"ts":"2026-09-0\#(day)T10:00:00Z","user":"\#(user)","account":"a-\#(user)","#
            + #""device":"d-\#(user)"}"# + "\n"
    }

    /// One record of each, of a day each.
    static var lines: String { users.enumerated().map { line($1, $0 + 1) }.joined() }

    /// Writes the table; `rows` are days that differ, `gone` is in no row.
    static func table(
        _ scene: TemporaryPipeline, _ rows: [String: String] = [:], without gone: String = ""
    ) throws {
        let left = [
            "anna": "2026-09-10", "bert": "2026-09-21", "carl": "2026-09-24", "daan": "",
        ].merging(rows) { $1 }
        let lines = users.filter { $0 != gone }.map { user in
            "a-\(user),\(left[user] ?? ""),\(left[user] ?? "")\n"
        }
        try scene.write("accounts.csv", "account,left,ended\n\(lines.joined())a-else,,\n")
    }

    /// The same folder again.
    static func twin(of scene: TemporaryPipeline) throws -> TemporaryPipeline {
        let twin = try TemporaryPipeline("")
        try twin.remove("pipeline.yaml")
        for name in try FileManager.default.contentsOfDirectory(atPath: scene.folder) {
            try FileManager.default.copyItem(
                atPath: "\(scene.folder)/\(name)", toPath: "\(twin.folder)/\(name)")
        }
        return twin
    }

    /// Puts bert and daan under a hold.
    static func raiseHold(_ scene: TemporaryPipeline) throws {
        var hold = HoldRequest(
            pipeline: "\(scene.folder)/pipeline.yaml", name: "case",
            ground: .law(citation: "Act 1"), reason: "inquiry", by: "legal")
        hold.now = "2026-09-20"
        hold.users = ["bert", "daan"]
        _ = try unlessBusy { try Sluice.raiseHold(hold) }
    }
}
