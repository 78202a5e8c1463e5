internal import Anonymization
internal import Records

/// The fields of a pipeline that say whose a record is.
struct SubjectFields: Sendable {
    /// The fields of the subject's kind, by name.
    let names: [String]
    /// The field of the customer, when the request is limited to one.
    let customer: String?

    /// A usage failure when the pipeline does not say which field that would be.
    init(
        _ subject: SoughtSubject, _ specification: PipelineSpecification, _ plan: Plan
    ) throws(PipelineFailure) {
        let identity = specification.identity
        switch subject.kind {
        case .user: names = [identity.user?.value].compactMap { $0 }
        case .customer: names = [identity.customer?.value].compactMap { $0 }
        case .address: names = Self.addressFields(plan)
        }
        customer = subject.within == nil ? nil : identity.customer?.value
        guard !names.isEmpty else {
            throw .usage(
                subject.kind == .address
                    ? "--address: no field of the pipeline has a rule for addresses"
                    : "--\(subject.kind.rawValue): the pipeline names no "
                        + "`identity.\(subject.kind.rawValue)`")
        }
        guard subject.within == nil || customer != nil else {
            throw .usage("--within-customer: the pipeline names no `identity.customer`")
        }
    }

    /// The fields for which some output has a transform of addresses, in slot order.
    private static func addressFields(_ plan: Plan) -> [String] {
        plan.release.fields.names.enumerated().compactMap { slot, name in
            let isAddress = plan.release.outputs.contains {
                $0.rules[slot].transform?.takesAddresses == true
            }
            return isAddress ? name : nil
        }
    }
}
