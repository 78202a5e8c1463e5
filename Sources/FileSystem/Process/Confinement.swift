private import CSystem
private import Glibc

/// Keeps the process, from now on and for good, to the places that its work is about.
///
/// What may be read and written is a matter of Landlock; that there is no network, no other
/// programme and no other process's memory, one of a filter of system calls. A kernel without one
/// of them leaves the process free in that, and the outcome says so.
package enum Confinement {
    /// The places that stay open; everything below a folder is meant with it.
    package struct Places: Sendable, Equatable {
        package var read: [String] = []
        /// Read, too. Of what is not there yet the nearest folder above it is meant.
        package var written: [String] = []
        /// Folders of which nothing but names may be read.
        package var listed: [String] = []

        package init() {}
    }

    /// What the process is kept to.
    package struct Outcome: Sendable, Equatable {
        /// The version of the kernel's Landlock interface; nil: any file may be opened.
        package let landlock: Int?
        /// True when there are no sockets and no other programmes any more.
        package let callsAreRefused: Bool

        /// The outcome in words.
        package var words: String {
            switch (landlock, callsAreRefused) {
            case (let version?, true):
                "to its own files, without network (Landlock \(version), seccomp)"
            case (let version?, false): "to its own files (Landlock \(version); no seccomp here)"
            case (nil, true): "to work without network (seccomp; no Landlock here)"
            case (nil, false): "to nothing: the system has neither Landlock nor seccomp"
            }
        }
    }

    /// What any run may need of the system: libraries that are loaded late and what they read, time
    /// zones, facts about the process and its processors.
    private static let systemPlaces = [
        "/usr", "/lib", "/lib64", "/etc/ssl/openssl.cnf", "/etc/pki/tls/openssl.cnf",
        "/etc/localtime", "/dev/urandom", "/proc/self", "/sys/devices/system/cpu",
    ]

    /// Confines the calling thread and those that it starts from now on; to be called before the
    /// first of them. Descriptors that are open stay as they are.
    package static func enter(_ places: Places) -> Outcome {
        let landlock = restrictFiles(places)
        return Outcome(landlock: landlock, callsAreRefused: csystem_forbid_calls() == 0)
    }

    private static func restrictFiles(_ places: Places) -> Int? {
        let version = csystem_landlock_version()
        guard version > 0 else { return nil }
        let number = csystem_landlock_create(version)
        guard number >= 0 else { return nil }
        let rules = FileDescriptor(owning: number, path: "rules")
        for path in systemPlaces + places.read { allow(path, writing: false) }
        for path in places.listed { allow(path, reading: false, writing: false) }
        allow("/dev/null", writing: true)
        for path in places.written { allow(present(path), writing: true) }
        return csystem_landlock_enforce(rules.number) == 0 ? Int(version) : nil

        // A place without a rule is closed, and whoever needs it says what could not be opened.
        func allow(_ path: String, reading: Bool = true, writing: Bool) {
            _ = unsafe path.withCString {
                unsafe csystem_landlock_allow(
                    number, version, $0, reading ? 1 : 0, writing ? 1 : 0)
            }
        }
    }

    /// `path`, or the nearest folder above it that is there.
    private static func present(_ path: String) -> String {
        var path = path.utf8.isEmpty ? "." : path
        while unsafe access(path, F_OK) != 0 {
            let (parent, name) = splitPath(path)
            if name.utf8.isEmpty || parent.utf8.elementsEqual(path.utf8) { break }
            path = parent
        }
        return path
    }
}
