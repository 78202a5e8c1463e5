private import Foundation
private import Glibc

/// Credentials as a service manager hands them over: files of one folder that the environment of
/// this process names. There is one environment, so every test takes names of its own.
public enum Credentials {
    /// The folder, made on first need; it goes with the process once it is empty.
    public static let folder: String = {
        let folder = FileManager.default.temporaryDirectory.path
            + "/sluice-credentials-\(UUID().uuidString)"
        try? FileManager.default.createDirectory(
            atPath: folder, withIntermediateDirectories: false,
            attributes: [.posixPermissions: 0o700])
        unsafe setenv("CREDENTIALS_DIRECTORY", folder, 1)
        atexit { unsafe rmdir(Credentials.folder) }
        return folder
    }()

    /// Writes a credential of 32 equal bytes; only its owner may read it.
    public static func write(_ name: String, _ byte: UInt8) throws {
        let file = "\(folder)/\(name)"
        try Data(repeating: byte, count: 32).write(to: URL(fileURLWithPath: file))
        try FileManager.default.setAttributes([.posixPermissions: 0o600], ofItemAtPath: file)
    }

    public static func remove(_ name: String) {
        try? FileManager.default.removeItem(atPath: "\(folder)/\(name)")
    }
}
