import TestSupport

/// Looks for many marks at once: by the first two bytes of each form, with which few things begin.
struct CanarySearch {
    private let marks: [CanaryMark]
    /// Which forms begin with two bytes; for most pairs none.
    private var beginnings: [Int: [(mark: Int, needle: Int)]] = [:]
    /// True for pairs that some form begins with.
    private var begins = [Bool](repeating: false, count: 1 << 16)

    init(_ marks: [CanaryMark]) {
        self.marks = marks
        for (mark, planted) in marks.enumerated() {
            for (needle, form) in planted.needles.enumerated() {
                let pair = Int(form.bytes[0]) << 8 | Int(form.bytes[1])
                beginnings[pair, default: []].append((mark, needle))
                begins[pair] = true
            }
        }
    }

    /// The marks in `content`, each with the form in which it is there. Base64 and binary forms are
    /// looked for as they are, everything else in either case.
    func marks(in content: [UInt8]) -> [(mark: CanaryMark, form: String)] {
        let lowered = content.map { (0x41...0x5a).contains($0) ? $0 | 0x20 : $0 }
        return found(in: content, exact: true) + found(in: lowered, exact: false)
    }

    private func found(in content: [UInt8], exact: Bool) -> [(mark: CanaryMark, form: String)] {
        var found: [Int: String] = [:]
        unsafe content.withUnsafeBufferPointer { bytes in
            unsafe begins.withUnsafeBufferPointer { begins in
                var at = 0
                while at < bytes.count - 1 {
                    let pair = unsafe Int(bytes[at]) << 8 | Int(bytes[at + 1])
                    if unsafe begins[pair] {
                        unsafe look(at, pair, bytes, exact, &found)
                    }
                    at += 1
                }
            }
        }
        return found.sorted { $0.key < $1.key }.map { (marks[$0.key], $0.value) }
    }

    private func look(
        _ at: Int, _ pair: Int, _ bytes: UnsafeBufferPointer<UInt8>, _ exact: Bool,
        _ found: inout [Int: String]
    ) {
        for (mark, needle) in beginnings[pair] ?? [] where found[mark] == nil {
            let form = marks[mark].needles[needle]
            guard form.isExact == exact, bytes.count - at >= form.bytes.count,
                form.bytes.indices.allSatisfy({ unsafe bytes[at + $0] == form.bytes[$0] })
            else { continue }
            found[mark] = form.name
        }
    }
}
