import FileSystem
import Foundation
import Glibc
import TestSupport
import Testing

/// What runs short in the field: room, names for files, their size, descriptors, memory, and the
/// right to write. What needs a right is skipped without, and the skip is printed.
///
/// The ordinary tests leave so much room here and there, by a seed. `SLUICE_LONG=1`, or a variable
/// for `FaultTests`, leaves one block more each time, from none, until the job is through.
@Suite("shortages", .serialized)
struct ShortageTests {
    /// Jobs that write in different ways.
    private static let jobs = FaultJob.all.filter {
        ["a first run", "publish", "a store again"].contains($0.name)
    }

    @Test(arguments: jobs) func noRoomLeft(_ job: FaultJob) throws {
        let disk = try TinyDisk(mebibytes: 64, names: 4000)
        guard let disk else { return try skip(.mounts) }
        let isLong = Want.isLong || FaultTests.asked.isMade
        var random = SeededGenerator(seed: 0xd15c &+ UInt64(job.name.utf8.count))
        let blocks =
            isLong
            ? Array(0..<10_000) : [0] + (0..<2).map { _ in Int.random(in: 1...60, using: &random) }
        let world = try FaultWorld(job, scene: disk.scene)
        try disturb(world, rounds: blocks, failing: 1, untilItIsThrough: isLong) { world, left in
            try disk.fillUp(leavingBlocks: left)
            defer { disk.clear() }
            let outcome = try world.run()
            // 8 where it is the key store that cannot be written.
            #expect([0, 6, 8].contains(outcome.status), "\(left) blocks left: \(outcome.errors)")
            if outcome.status == 8 { #expect(outcome.errors.contains("no space is left")) }
            return outcome
        }
    }

    @Test(arguments: jobs) func noNameLeft(_ job: FaultJob) throws {
        let disk = try TinyDisk(mebibytes: 64, names: 4000)
        guard let disk else { return try skip(.mounts) }
        try disturb(FaultWorld(job, scene: disk.scene), failing: 2) { world, round in
            try disk.fillUp(leavingNames: round)
            defer { disk.clear() }
            return try world.run()
        }
    }

    @Test(arguments: jobs) func aDiskThatIsReadOnly(_ job: FaultJob) throws {
        let disk = try TinyDisk(mebibytes: 64, names: 4000)
        guard let disk else { return try skip(.mounts) }
        try disturb(FaultWorld(job, scene: disk.scene), rounds: 0..<1, failing: 1) { world, _ in
            try disk.setReadOnly(true)
            defer { try? disk.setReadOnly(false) }
            return try world.run()
        }
    }

    @Test(arguments: jobs) func filesThatMayNotGrow(_ job: FaultJob) throws {
        try disturb(FaultWorld(job), failing: 2) { world, round in
            // In blocks of 512 bytes. Without a plan for SIGXFSZ this would be a death. The thread
            // sanitizer makes a file in TMPDIR before main, and does without where it is not there.
            let script = #"ulimit -f \#(round * round * 12); exec "$0" "$@""#
            return try world.run(through: ["TMPDIR=/nowhere", "/bin/sh", "-c", script])
        }
    }

    @Test(arguments: jobs) func fewDescriptors(_ job: FaultJob) throws {
        try disturb(FaultWorld(job), failing: 2) { world, round in
            let script = #"ulimit -n \#(6 + round * 3); exec "$0" "$@""#
            return try world.run(through: ["/bin/sh", "-c", script])
        }
    }

    @Test(arguments: jobs) func littleMemory(_ job: FaultJob) throws {
        let group = MemoryGroup()
        guard let group else { return try skip(.memoryLimits) }
        try disturb(FaultWorld(job), failing: 1, mayBeKilled: true) { world, round in
            group.allow(mebibytes: 4 + round * round)
            let script = #"echo $$ > \#(group.members) && exec "$0" "$@""#
            return try world.run(through: ["/bin/sh", "-c", script])
        }
    }

    /// Disturbs the job of the world more gently in each round, and looks at what comes of it; at
    /// least `failing` rounds must have been too much for it, and with `untilItIsThrough` the last
    /// one that is done not.
    private func disturb(
        _ world: FaultWorld, rounds: some Sequence<Int> = 0..<6, failing: Int,
        mayBeKilled: Bool = false, untilItIsThrough: Bool = false,
        _ work: (FaultWorld, Int) throws -> Outcome
    ) throws {
        var failed = 0
        var isThrough = false
        for round in rounds where !(isThrough && untilItIsThrough) {
            try world.restore()
            var outcome = try work(world, round)
            isThrough = outcome.status == 0
            if !isThrough { failed += 1 }
            // The kernel ends what takes more memory than it may.
            if mayBeKilled, outcome.status == 128 + SIGKILL { outcome.status = 6 }
            for sentence in try world.faultsAfter(outcome) {
                Issue.record("\(world.job.name), round \(round): \(sentence); \(outcome.errors)")
            }
        }
        #expect(failed >= failing)
        if untilItIsThrough {
            #expect(isThrough)
            StandardError.write("\(world.job.name): through behind \(failed) that failed\n")
        }
    }

    private func skip(_ want: Want) throws {
        _ = try want.isMet(false, isDemanded: FaultTests.asked.isMade)
    }
}

/// A small file system of its own.
private final class TinyDisk {
    let scene: Scene
    private let root: String

    /// Nil without the right to mount one.
    init?(mebibytes: Int, names: Int) throws {
        scene = try Scene()
        root = scene.path
        let options = "size=\(mebibytes)m,nr_inodes=\(names),mode=700"
        guard unsafe mount("none", root, "tmpfs", 0, options) == 0 else { return nil }
    }

    deinit { unsafe umount2(root, Int32(MNT_DETACH)) }

    private var filler: String { "\(root)/filler" }

    /// Takes all room but so many blocks.
    func fillUp(leavingBlocks left: Int) throws {
        let number = unsafe open(filler, O_CREAT | O_WRONLY | O_CLOEXEC, 0o600)
        guard number >= 0 else { throw ProcessFault.noFile(filler) }
        defer { close(number) }
        var size = 0
        // What is gone may be given back a little later.
        for _ in 0..<500 {
            var room = statvfs()
            guard unsafe fstatvfs(number, &room) == 0 else { break }
            let tooMuch = Int(room.f_bavail) - left
            if tooMuch == 0 { return }
            size += tooMuch * Int(room.f_bsize)
            guard tooMuch > 0 ? posix_fallocate(number, 0, size) == 0 : ftruncate(number, size) == 0
            else { break }
        }
        throw ProcessFault.noFile(filler)
    }

    /// Takes all names but so many.
    func fillUp(leavingNames left: Int) throws {
        unsafe mkdir(filler, 0o700)
        var made = 0
        var quiet = 0
        // The system gives names of files that are gone back a little later, on a busy machine more
        // than a moment later.
        while quiet < 3 {
            let before = made
            while true {
                let number = unsafe open("\(filler)/\(made)", O_CREAT | O_WRONLY, 0o600)
                guard number >= 0 else { break }
                close(number)
                made += 1
            }
            quiet = made > before ? 0 : quiet + 1
            usleep(100_000)
        }
        for index in 0..<min(left, made) { unsafe unlink("\(filler)/\(index)") }
    }

    /// Gives back what was taken.
    func clear() { try? FileManager.default.removeItem(atPath: filler) }

    func setReadOnly(_ isReadOnly: Bool) throws {
        let flags = UInt(MS_REMOUNT) | (isReadOnly ? UInt(MS_RDONLY) : 0)
        // The last files of a process that has ended may still be on their way out.
        for _ in 0..<500 {
            if unsafe mount("none", root, "tmpfs", flags, nil) == 0 { return }
            usleep(10_000)
        }
        throw ProcessFault.noFile(root)
    }
}

/// A group of processes that share a limit of memory.
private final class MemoryGroup {
    private let folder: String
    private let limit: String

    /// The file that takes the number of a process.
    var members: String { "\(folder)/cgroup.procs" }

    /// Nil without the right to make one, in either form that kernels have.
    init?() {
        let name = "sluice-\(getpid())-\(UInt32.random(in: 0 ... .max))"
        for (place, limit) in [
            ("/sys/fs/cgroup/memory", "memory.limit_in_bytes"), ("/sys/fs/cgroup", "memory.max"),
        ] {
            let folder = "\(place)/\(name)"
            guard unsafe mkdir(folder, 0o755) == 0 else { continue }
            if unsafe access("\(folder)/\(limit)", W_OK) == 0 {
                self.folder = folder
                self.limit = "\(folder)/\(limit)"
                return
            }
            unsafe rmdir(folder)
        }
        return nil
    }

    deinit { unsafe rmdir(folder) }

    func allow(mebibytes: Int) {
        try? Data(bytes("\(mebibytes << 20)")).write(to: URL(fileURLWithPath: limit))
    }
}
