/// The fewest steps that still fail: halves are left out first, single steps last. `fails` may be
/// asked `attempts` times.
public func shrunk<Step>(
    _ steps: [Step], attempts: Int, _ fails: ([Step]) throws -> Bool
) rethrows -> [Step] {
    var steps = steps
    var left = attempts
    var size = steps.count / 2
    while size > 0 {
        var start = 0
        while start < steps.count, left > 0 {
            let end = min(start + size, steps.count)
            let fewer = Array(steps[..<start] + steps[end...])
            left -= 1
            if try fails(fewer) { steps = fewer } else { start = end }
        }
        size /= 2
    }
    return steps
}
