import Foundation
import Glibc

/// A headless browser that is spoken to over two pipes (Chrome DevTools Protocol).
final class Browser {
    /// Where it lies on this machine; nil when there is none.
    static let path = ["/usr/bin/chromium", "/usr/bin/chromium-browser", "/usr/bin/google-chrome"]
        .first { FileManager.default.isExecutableFile(atPath: $0) }

    /// True when there is one, and it shows a page. Under a limit of address space none does: it
    /// reserves terabytes, and waits without them.
    static let isUsable: Bool = {
        var space = rlimit()
        guard unsafe getrlimit(__rlimit_resource_t(RLIMIT_AS.rawValue), &space) == 0,
            space.rlim_cur == rlim_t.max
        else { return false }
        guard path != nil, let browser = try? Browser() else { return false }
        defer { browser.quit() }
        return (try? browser.show(Array("<!doctype html><p>".utf8))) != nil
    }()

    struct Fault: Error { let what: String }

    private let process = Process()
    private let folder: URL
    private let commands: Int32
    private let answers: Int32
    private var pending: [UInt8] = []
    private var number = 0
    private var session: String?

    init() throws {
        folder = FileManager.default.temporaryDirectory
            .appendingPathComponent("browser-\(UUID().uuidString)")
        try FileManager.default.createDirectory(at: folder, withIntermediateDirectories: true)
        let (into, from) = (folder.path + "/in", folder.path + "/out")
        guard unsafe mkfifo(into, 0o600) == 0, unsafe mkfifo(from, 0o600) == 0,
            let browser = Self.path
        else {
            throw Fault(what: "pipes")
        }
        commands = unsafe open(into, O_RDWR | O_CLOEXEC)
        answers = unsafe open(from, O_RDWR | O_CLOEXEC)
        process.executableURL = URL(fileURLWithPath: "/bin/sh")
        process.arguments = [
            "-c", "exec \"$0\" \"$@\" 3<\"$PIPE_IN\" 4>\"$PIPE_OUT\"", browser, "--headless",
            "--no-sandbox", "--disable-gpu", "--remote-debugging-pipe",
            "--user-data-dir=\(folder.path)/profile",
        ]
        process.environment = ProcessInfo.processInfo.environment.merging(
            ["PIPE_IN": into, "PIPE_OUT": from]) { $1 }
        process.standardOutput = FileHandle.nullDevice
        process.standardError = FileHandle.nullDevice
        try process.run()
    }

    func quit() {
        process.terminate()
        process.waitUntilExit()
        close(commands)
        close(answers)
        try? FileManager.default.removeItem(at: folder)
    }

    /// Shows a page from a file and waits until it is there.
    func show(_ page: [UInt8]) throws {
        let file = folder.appendingPathComponent("page.html")
        try Data(page).write(to: file)
        let target = try send("Target.createTarget", ["url": file.absoluteString])
        let attached = try send(
            "Target.attachToTarget", ["targetId": target["targetId"] ?? "", "flatten": true])
        session = attached["sessionId"] as? String
        // An empty page comes first, and is complete, too.
        let state = "location.protocol + document.readyState"
        for _ in 0..<200 where try evaluate(state) != "file:complete" { usleep(50_000) }
    }

    func setSize(width: Int, media: String, isDark: Bool) throws {
        try send(
            "Emulation.setDeviceMetricsOverride",
            ["width": width, "height": 900, "deviceScaleFactor": 1, "mobile": false])
        try send(
            "Emulation.setEmulatedMedia",
            [
                "media": media,
                "features": [
                    ["name": "prefers-color-scheme", "value": isDark ? "dark" : "light"]
                ],
            ])
    }

    /// What an expression gives, as text.
    func evaluate(_ expression: String) throws -> String {
        let answer = try send(
            "Runtime.evaluate", ["expression": "String(\(expression))", "returnByValue": true])
        let result = answer["result"] as? [String: Any]
        guard let value = result?["value"] as? String else { throw Fault(what: "\(answer)") }
        return value
    }

    @discardableResult
    func send(_ method: String, _ parameters: [String: Any]) throws -> [String: Any] {
        number += 1
        var message: [String: Any] = ["id": number, "method": method, "params": parameters]
        message["sessionId"] = session
        let bytes = [UInt8](try JSONSerialization.data(withJSONObject: message)) + [0]
        var sent = 0
        while sent < bytes.count {
            let count = unsafe bytes[sent...].withUnsafeBytes {
                unsafe write(commands, $0.baseAddress, $0.count)
            }
            guard count > 0 else { throw Fault(what: "write") }
            sent += count
        }
        while true {
            let answer = try JSONSerialization.jsonObject(with: Data(try next())) as? [String: Any]
            guard let answer, answer["id"] as? Int == number else { continue }
            guard let result = answer["result"] as? [String: Any] else {
                throw Fault(what: "\(method): \(answer)")
            }
            return result
        }
    }

    private func next() throws -> [UInt8] {
        while true {
            if let end = pending.firstIndex(of: 0) {
                defer { pending.removeFirst(end + 1) }
                return Array(pending[..<end])
            }
            var wait = pollfd(fd: answers, events: Int16(POLLIN), revents: 0)
            guard unsafe poll(&wait, 1, 60_000) == 1 else { throw Fault(what: "no answer") }
            var room = [UInt8](repeating: 0, count: 1 << 16)
            let count = unsafe room.withUnsafeMutableBytes {
                unsafe read(answers, $0.baseAddress, $0.count)
            }
            guard count > 0 else { throw Fault(what: "read") }
            pending += room[..<count]
        }
    }
}
