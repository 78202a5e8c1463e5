import Records

extension FlatArray<UInt64> {
    /// Sorts the values in no other room than theirs: byte by byte, the highest first, by swapping
    /// each into the run of its byte (American flag sort: McIlroy, Bostic and McIlroy, "Engineering
    /// Radix Sort", Computing Systems 6, 1993).
    mutating func sortInPlace() {
        unsafe withBuffer { values in unsafe flagSort(values, shift: UInt64.bitWidth - 8) }
    }
}

/// Runs up to this length are sorted by insertion.
private let shortRun = 32

/// Sorts values that agree in all bits above those of the byte at `shift`.
private func flagSort(_ values: UnsafeMutableBufferPointer<UInt64>, shift: Int) {
    if values.count <= shortRun { return unsafe insertionSort(values) }
    unsafe withUnsafeTemporaryAllocation(of: Int.self, capacity: 2 * 256) { room in
        unsafe room.initialize(repeating: 0)
        let heads = unsafe UnsafeMutableBufferPointer(rebasing: room[..<256])
        let ends = unsafe UnsafeMutableBufferPointer(rebasing: room[256...])
        func byte(_ value: UInt64) -> Int { Int(value >> UInt64(shift) & 0xff) }
        for index in values.indices { unsafe ends[byte(values[index])] += 1 }
        var sum = 0
        for run in 0..<256 {
            unsafe heads[run] = sum
            unsafe sum += ends[run]
            unsafe ends[run] = sum
        }
        for run in 0..<256 {
            while unsafe heads[run] < ends[run] {
                let target = unsafe byte(values[heads[run]])
                if target != run { unsafe values.swapAt(heads[run], heads[target]) }
                unsafe heads[target] += 1
            }
        }
        if shift == 0 { return }
        var start = 0
        for run in 0..<256 {
            let end = unsafe ends[run]
            if end - start > 1 {
                unsafe flagSort(
                    UnsafeMutableBufferPointer(rebasing: values[start..<end]),
                    shift: shift - 8
                )
            }
            start = end
        }
    }
}

private func insertionSort(_ values: UnsafeMutableBufferPointer<UInt64>) {
    for index in values.indices.dropFirst() {
        let value = unsafe values[index]
        var place = index
        while place > 0, unsafe values[place - 1] > value {
            unsafe values[place] = values[place - 1]
            place -= 1
        }
        unsafe values[place] = value
    }
}
