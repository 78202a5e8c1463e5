import TestSupport

/// One thing that happens to a pipeline that has everything that ages.
enum DutyStep {
    /// Whom a hold binds.
    enum Bound {
        case user(Int)
        case customer(Int)
        /// Events of the last so many days.
        case period(days: Int)
    }

    /// The clock moves by so many days, now and then back.
    case clock(days: Int)
    /// A record comes, so many days old.
    case record(user: Int, age: Int)
    /// An old source file comes back under another name, and into the store.
    case replay(file: Int)
    case run
    case publish
    case correct
    case raise(Bound, days: Int?)
    /// Of the holds that bind, the one at this place.
    case release(Int)
    case optOut(customer: Int)
    case importOptOuts(customer: Int)
    case withdraw(customer: Int)
    case erase(user: Int)
    case rectify(user: Int)
    case restrict(user: Int)
    case lift(user: Int)
    case export(user: Int)
    case status(user: Int)
    /// By hand, the oldest key.
    case destroyKey
    case rewrap
    case verify

    /// Something to work on.
    static let beginning: [DutyStep] =
        (0..<3).map { .record(user: $0, age: 9 * $0) } + [.run]

    /// So many steps at random.
    static func sequence(_ count: Int, seed: UInt64) -> [DutyStep] {
        var random = SeededGenerator(seed: seed)
        return (0..<count).map { _ in any(&random) }
    }

    private static func any(_ random: inout SeededGenerator) -> DutyStep {
        let user = Int.random(in: 0..<4, using: &random)
        let customer = Int.random(in: 0..<2, using: &random)
        let number = Int.random(in: 0..<20, using: &random)
        switch Int.random(in: 0..<100, using: &random) {
        case 0..<18: return .clock(days: number < 3 ? -number * 8 : number)
        case 18..<36: return .record(user: user, age: number < 10 ? number : number * 3)
        case 36..<40: return .replay(file: number)
        case 40..<56: return .run
        case 56..<60: return .publish
        case 60..<62: return .correct
        case 62..<69: return .raise(bound(user, &random), days: number < 8 ? number * 4 + 3 : nil)
        case 69..<74: return .release(number)
        case 74..<76: return .optOut(customer: customer)
        case 76: return .importOptOuts(customer: customer)
        case 77..<79: return .withdraw(customer: customer)
        case 79..<83: return .erase(user: user)
        case 83..<86: return .rectify(user: user)
        case 86..<88: return .restrict(user: user)
        case 88..<90: return .lift(user: user)
        case 90: return .export(user: user)
        case 91: return .status(user: user)
        case 92..<96: return .destroyKey
        case 96..<98: return .rewrap
        default: return .verify
        }
    }

    private static func bound(_ user: Int, _ random: inout SeededGenerator) -> Bound {
        switch Int.random(in: 0..<3, using: &random) {
        case 0: .user(user)
        case 1: .customer(user % 2)
        default: .period(days: Int.random(in: 10...50, using: &random))
        }
    }
}
