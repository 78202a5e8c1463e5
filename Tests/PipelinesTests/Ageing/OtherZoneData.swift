import Foundation
import Records

/// Zone data that say something else of one zone, for what is done by this test: those of another.
final class OtherZoneData {
    private let folder: String

    init(_ name: String, as other: String) throws {
        let base = FileManager.default.temporaryDirectory.path
        folder = "\(base)/sluice-zones-\(UUID().uuidString)"
        let file = URL(fileURLWithPath: "\(folder)/\(name)")
        try FileManager.default.createDirectory(
            at: file.deletingLastPathComponent(), withIntermediateDirectories: true)
        let source = URL(fileURLWithPath: "\(ZoneTable.systemFolder)/\(other)")
        try Data(contentsOf: source.resolvingSymlinksInPath()).write(to: file)
    }

    deinit { try? FileManager.default.removeItem(atPath: folder) }

    func use<Result>(_ work: () throws -> Result) rethrows -> Result {
        try ZoneTable.$systemFolder.withValue(folder, operation: work)
    }
}
