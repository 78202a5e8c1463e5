import FileSystem
import Foundation
import Glibc
import TestSupport
import Testing

/// The disk loses its power in front of any call that writes, and with it everything that was not
/// made durable (ext4 on a loop device, shut down without its log); mounted again, the job done
/// again must end where an undisturbed one ends.
///
/// The ordinary tests cut here and there, by a seed. `SLUICE_LONG_POWER=500 swift test --filter
/// PowerCutTests` cuts so often, spread over all jobs. All of it needs the superuser. Where other
/// processes enter mount namespaces of their own meanwhile, `unshare --mount` keeps the disk out of
/// them: a disk that is mounted anywhere stays without power.
@Suite("power cuts", .serialized)
struct PowerCutTests {
    private static let asked = Asked("SLUICE_LONG_POWER", form: "COUNT as 500")
    private static let seed: UInt64 = 0xb1ac

    private static let few = FaultJob.all.filter {
        ["a run that ages", "publish", "a store again", "an erasure"].contains($0.name)
    }

    @Test(arguments: few) func hereAndThere(_ job: FaultJob) throws {
        try cut(job, 3)
    }

    @Test(.enabled(if: asked.isMade), arguments: FaultJob.all) func everywhere(
        _ job: FaultJob
    ) throws {
        try cut(job, Self.asked.one(Asked.count) / FaultJob.all.count + 1)
    }

    private func cut(_ job: FaultJob, _ number: Int) throws {
        let isDemanded = Self.asked.isMade
        guard try Want.diskMakers.isMet(PowerDisk.hasMakers, isDemanded: isDemanded) else { return }
        guard let disk = try PowerDisk() else {
            _ = try Want.mounts.isMet(false, isDemanded: isDemanded)
            return
        }
        var random = SeededGenerator(seed: Self.seed &+ UInt64(job.name.utf8.count))
        let world = try FaultWorld(job, scene: disk.scene)
        var fault = Fault(side: .write, kind: .powerCut(disk: disk.scene.path))
        // Without a number nothing is cut.
        let calls = try world.calls(of: fault)
        var cuts = 0
        for index in 0..<number {
            try world.restore()
            // What is taken off with power is durable.
            try disk.mountAgain()
            let share = calls / number
            fault.number = 1 + index * calls / number
                + (share > 1 ? Int.random(in: 0..<share, using: &random) : 0)
            if try world.run(with: fault).status == 128 + SIGKILL { cuts += 1 }
            try disk.mountAgain()
            for sentence in try world.faultsOfGoingOn() {
                Issue.record("\(job.name), \(fault), seed \(Self.seed): \(sentence)")
            }
        }
        StandardError.write("\(job.name): \(cuts) power cuts at \(calls) calls\n")
        #expect(cuts * 10 >= number * 9)
    }
}

/// A small ext4 file system whose power can be cut.
private final class PowerDisk {
    let scene: Scene
    private let device: String
    private var isMounted = false

    private static let folders = ["/usr/sbin", "/sbin", "/usr/bin", "/bin"]

    /// True when the commands are there that make one.
    static var hasMakers: Bool {
        ["mkfs.ext4", "losetup"].allSatisfy { name in
            folders.contains { unsafe access("\($0)/\(name)", X_OK) == 0 }
        }
    }

    /// Nil without the right to make one.
    init?() throws {
        scene = try Scene(inMemory: true)
        let image = "\(scene.path)/../image"
        guard getuid() == 0, unsafe truncate(Self.made(image), 96 << 20) == 0,
            Self.output(["mkfs.ext4", "-q", "-F", "-m", "0", image]) != nil,
            let device = Self.output(["losetup", "--find", "--show", image]), !device.isEmpty
        else { return nil }
        self.device = device
        guard mountNow() else { return nil }
    }

    deinit {
        if isMounted { unsafe umount2(scene.path, Int32(MNT_DETACH)) }
        _ = Self.output(["losetup", "--detach", device])
    }

    private static func made(_ path: String) -> String {
        _ = FileManager.default.createFile(atPath: path, contents: nil)
        return path
    }

    /// What a command printed, without the line feed; nil when it failed or is not there.
    private static func output(_ words: [String]) -> String? {
        let process = Process()
        process.executableURL = URL(fileURLWithPath: "/usr/bin/env")
        process.arguments = ["PATH=\(folders.joined(separator: ":"))"] + words
        let pipe = Pipe()
        process.standardOutput = pipe
        process.standardError = FileHandle.nullDevice
        guard (try? process.run()) != nil else { return nil }
        let output = pipe.fileHandleForReading.readDataToEndOfFile()
        process.waitUntilExit()
        guard process.terminationStatus == 0 else { return nil }
        return String(decoding: output, as: UTF8.self).trimmingCharacters(in: .newlines)
    }

    private func mountNow() -> Bool {
        isMounted = unsafe mount(device, scene.path, "ext4", 0, nil) == 0
        return isMounted
    }

    /// What is there when the power comes back.
    func mountAgain() throws {
        // The last files of a process that was killed may still be on their way out.
        for _ in 0..<500 where isMounted || !isFree {
            if isMounted, unsafe umount2(scene.path, 0) == 0 { isMounted = false } else {
                usleep(10_000)
            }
        }
        guard !isMounted, isFree, mountNow() else { throw ProcessFault.inUse(device) }
    }

    /// True when the disk is mounted nowhere, in no other mount namespace either: what is mounted
    /// there is still the disk without power.
    private var isFree: Bool {
        let number = unsafe open(device, O_RDONLY | O_EXCL | O_CLOEXEC)
        if number >= 0 { close(number) }
        return number >= 0
    }
}
