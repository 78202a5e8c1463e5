internal import Records

extension ReleasePlan {
    /// The slots of the fields that hold addresses: those `declared`, and those for which an output
    /// has a transform of addresses; in slot order.
    package func addressFields(declared: [Int]) -> [Int] {
        fields.names.indices.filter { slot in
            declared.contains(slot)
                || outputs.contains { output in
                    slot < output.rules.count
                        && output.rules[slot].transform?.takesAddresses == true
                }
        }
    }
}
