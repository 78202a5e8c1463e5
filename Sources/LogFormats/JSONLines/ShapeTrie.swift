internal import Records

/// The key sequences seen so far, as a tree: each node is one key behind the keys that led to it.
///
/// Records of one log have few shapes. Following a known sequence answers two questions at the
/// price of one comparison per key: which slot the value belongs to, and that no key of the object
/// came before (a sequence enters the tree only after that was checked). The tree is only a memory:
/// with or without it the result is the same. It is bounded; what does not fit is read by the plain
/// walker.
///
/// A *root* is where the sequences of one kind of object begin: the record itself, or the object
/// that is the value of a certain key. Only keys without escapes enter.
@safe struct ShapeTrie: ~Copyable {
    /// The most nodes; about 4 MB.
    static let nodesMax = 1 << 16
    /// The most keys of one object that are followed in the tree: as many fields as a record may
    /// have, unless a pipeline says otherwise. A new key is compared with all before it, once.
    static let keysMax = 4096
    /// The most keys that may follow a given sequence.
    static let siblingsMax = 24

    struct Node {
        /// The first eight bytes of the key, little-endian, zero-padded.
        var prefix: UInt64 = 0
        /// The bits of a word that belong to the key, all of them from eight bytes on.
        var prefixMask: UInt64 = 0
        /// The last eight bytes of a longer key.
        var suffix: UInt64 = 0
        var keyStart: Int32 = 0
        var keyLength: Int32 = 0
        var firstChild: Int32 = 0
        var nextSibling: Int32 = 0
        var parent: Int32 = 0
        /// The node of the path tree that this key leads to, or -1.
        var path: Int32 = -1
        /// The slot that ends at this key, or -1.
        var slot: Int32 = -1
        /// The first root of objects that are values of this key.
        var firstRoot: Int32 = 0
        /// The number of keys from the root to here.
        var depth: Int32 = 0
        var isRepeated = false
    }

    private var nodes: UnsafeMutablePointer<Node>
    private var capacity = 256
    private(set) var count = 2
    private var keys = ByteBuffer(capacity: 4096)

    /// The root of records. Index 0 stands for "none".
    static let recordRoot = 1

    init() {
        unsafe nodes = .allocate(capacity: capacity)
        unsafe nodes.initialize(repeating: Node(), count: capacity)
        unsafe nodes[Self.recordRoot].path = Int32(JSONPathTree.root)
    }

    deinit { unsafe nodes.deallocate() }

    @inline(__always)
    subscript(index: Int) -> Node {
        get { unsafe nodes[index] }
    }

    @inline(__always)
    func path(of node: Int) -> Int { unsafe Int(nodes[node].path) }

    /// The node of the key at `key`, `length` bytes, behind `node`, or 0. Reads at most eight bytes
    /// beyond the key.
    @inline(__always)
    func next(after node: Int, key: UnsafePointer<UInt8>, length: Int) -> Int {
        let word = unsafe Self.word(at: key)
        var at = unsafe Int(nodes[node].firstChild)
        while at != 0 {
            let candidate = unsafe nodes + at
            if unsafe word & candidate.pointee.prefixMask == candidate.pointee.prefix,
                unsafe candidate.pointee.keyLength == Int32(truncatingIfNeeded: length),
                length <= 8 || (unsafe hasTail(candidate.pointee, key, length))
            {
                return at
            }
            at = unsafe Int(candidate.pointee.nextSibling)
        }
        return 0
    }

    @inline(__always)
    private static func word(at key: UnsafePointer<UInt8>) -> UInt64 {
        unsafe UInt64(littleEndian: UnsafeRawPointer(key).loadUnaligned(as: UInt64.self))
    }

    private static func prefixMask(length: Int) -> UInt64 {
        length >= 8 ? .max : (1 &<< UInt64(length &* 8)) &- 1
    }

    /// Compares what lies behind the first eight bytes of a longer key, in words; the last one may
    /// overlap the one before it.
    @inline(__always)
    private func hasTail(_ node: Node, _ key: UnsafePointer<UInt8>, _ length: Int) -> Bool {
        guard unsafe node.suffix == Self.word(at: key + length - 8) else { return false }
        return length <= 16 || (unsafe hasMiddle(node, key, length))
    }

    @inline(never)
    private func hasMiddle(_ node: Node, _ key: UnsafePointer<UInt8>, _ length: Int) -> Bool {
        let known = unsafe keys.base + Int(node.keyStart)
        for at in 8..<length - 8 {
            guard unsafe known[at] == key[at] else { return false }
        }
        return true
    }

    /// Whether a key can follow a sequence, and where.
    enum Growth {
        case node(Int)
        case duplicate
        case full
    }

    /// Adds the key behind `node` after making sure that the sequence does not hold it yet.
    mutating func grow(
        after node: Int, key: UnsafePointer<UInt8>, length: Int, paths: JSONPathTree
    ) -> Growth {
        if unsafe sequence(endingAt: node, holds: key, length: length) { return .duplicate }
        guard count < Self.nodesMax, unsafe nodes[node].depth < Int32(Self.keysMax),
            siblings(of: node) < Self.siblingsMax, length <= 256
        else { return .full }
        var made = Node()
        made.prefixMask = Self.prefixMask(length: length)
        made.prefix = unsafe Self.word(at: key) & made.prefixMask
        made.suffix = length > 8 ? unsafe Self.word(at: key + length - 8) : 0
        made.keyStart = Int32(keys.count)
        made.keyLength = Int32(length)
        made.parent = Int32(node)
        made.depth = unsafe nodes[node].depth + 1
        made.nextSibling = 0
        let name = unsafe Span(_unsafeStart: key, count: length)
        if let path = paths.member(name, of: pathOfRoot(of: node)) {
            made.path = Int32(path)
            made.slot = Int32(paths.nodes[path].slot)
            made.isRepeated = paths.nodes[path].isRepeated
        }
        unsafe keys.append(unsafeFrom: key, length: length)
        let index = append(made)
        appendSibling(index, to: node)
        return .node(index)
    }

    /// The root of objects at `path` that are values (or elements of values) of `owner`'s key.
    mutating func root(of owner: Int, path: Int) -> Int {
        var at = unsafe Int(nodes[owner].firstRoot)
        while at != 0 {
            if unsafe nodes[at].path == Int32(path) { return at }
            at = unsafe Int(nodes[at].nextSibling)
        }
        guard count < Self.nodesMax else { return 0 }
        var made = Node()
        made.path = Int32(path)
        made.nextSibling = unsafe nodes[owner].firstRoot
        let index = append(made)
        unsafe nodes[owner].firstRoot = Int32(index)
        return index
    }

    private func pathOfRoot(of node: Int) -> Int {
        var at = node
        while unsafe nodes[at].parent != 0 { at = unsafe Int(nodes[at].parent) }
        return path(of: at)
    }

    private func sequence(
        endingAt node: Int, holds key: UnsafePointer<UInt8>, length: Int
    ) -> Bool {
        let prefix = unsafe Self.word(at: key) & Self.prefixMask(length: length)
        var at = node
        while unsafe nodes[at].parent != 0 {
            let known = unsafe nodes[at]
            if known.prefix == prefix, known.keyLength == Int32(truncatingIfNeeded: length),
                length <= 8 || (unsafe hasTail(known, key, length))
            {
                return true
            }
            at = Int(known.parent)
        }
        return false
    }

    private func siblings(of node: Int) -> Int {
        var number = 0
        var at = unsafe Int(nodes[node].firstChild)
        while at != 0 {
            number += 1
            at = unsafe Int(nodes[at].nextSibling)
        }
        return number
    }

    private mutating func appendSibling(_ index: Int, to node: Int) {
        var at = unsafe Int(nodes[node].firstChild)
        guard at != 0 else {
            unsafe nodes[node].firstChild = Int32(index)
            return
        }
        while unsafe nodes[at].nextSibling != 0 { at = unsafe Int(nodes[at].nextSibling) }
        unsafe nodes[at].nextSibling = Int32(index)
    }

    private mutating func append(_ node: Node) -> Int {
        if count == capacity {
            let larger = UnsafeMutablePointer<Node>.allocate(capacity: capacity * 2)
            unsafe larger.initialize(repeating: Node(), count: capacity * 2)
            unsafe larger.update(from: nodes, count: count)
            unsafe nodes.deallocate()
            unsafe nodes = larger
            capacity *= 2
        }
        unsafe nodes[count] = node
        count += 1
        return count - 1
    }
}
